import { Button, Group, Modal, Stack, Table, UnstyledButton } from '@mantine/core'
import { type Code, type CodeVersion, editableFields, listCodeVersions, restoreCodeVersion } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { useFocusBack } from '../../ui/focus-back.ts'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { Section } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useAction, useList } from '../calls.ts'
import style from './Codes.module.css'
import { changedByEdit, toldWithUndo } from './change-code.ts'
import { useFieldWords } from './field-words.ts'
import { canEdit } from './words.ts'

/** Every version, newest first: what it changed and to what, when and by whom. Any but the newest can be gone back to. */
export const Versions = ({ code, etag, may }: { code: Code; etag: string | undefined; may: boolean }) => {
  const { t } = useTranslation(['codes', 'common'])
  const versions = useList(listCodeVersions, { id: code.id, limit: 20 })
  const words = useFieldWords()
  const [back, setBack] = useState<CodeVersion>()
  const said = ({ version, changed }: CodeVersion) =>
    t('version.one', {
      version,
      what: changed
        .map((what) => (what === 'issued' || what === 'revoked' ? t(`version.${what}`) : words.name(what).toLowerCase()))
        .join(', '),
    })
  return (
    <Section title={t('versions')}>
      {versions.error && !versions.rows ? (
        <Refused error={versions.error} onRetry={versions.onRetry} />
      ) : !versions.rows ? (
        <Loading lines={3} />
      ) : (
        <ol className={style.versions}>
          {versions.rows.map((each) => (
            <li key={each.version} aria-current={each.version === code.version ? 'true' : undefined}>
              <div>
                <b>{said(each)}</b>{' '}
                {may && canEdit(code) && each.version !== code.version && (
                  <UnstyledButton className={style.back} onClick={() => setBack(each)}>
                    {t('version.back')} <span className="sr-only">{t('version.backWhich', { version: each.version })}</span>
                  </UnstyledButton>
                )}
              </div>
              {each.changed.includes('destination') && <div className={style.to}>{words.value('destination', each.values)}</div>}
              <div className="t3">
                <TimeText at={each.at} as="moment" />, {each.by || t('common:notKnown')}
              </div>
            </li>
          ))}
        </ol>
      )}
      {versions.more.has && (
        <Button variant="default" size="xs" loading={versions.more.busy} onClick={versions.more.load}>
          {t('common:table.more')}
        </Button>
      )}
      {back && <GoBack code={code} etag={etag} to={back} onClose={() => setBack(undefined)} />}
    </Section>
  )
}

/** What would change, side by side; going back makes a new version, so it can be taken back like any other edit. */
const GoBack = ({ code, etag, to, onClose }: { code: Code; etag: string | undefined; to: CodeVersion; onClose: () => void }) => {
  const { t } = useTranslation(['codes', 'common'])
  useFocusBack()
  const words = useFieldWords()
  // What stands on the screen is what is agreed to: a later answer changes neither.
  const [base] = useState({ code, etag })
  const restore = useAction(restoreCodeVersion, {
    refreshes: changedByEdit,
    ifMatch: base.etag,
    onDone: (saved) => {
      toldWithUndo(saved, base.code)
      onClose()
    },
  })
  const differ = editableFields.filter((field) => words.value(field, to.values) !== words.value(field, base.code))
  const errors = Object.entries(fieldErrors(restore.error))
  const meanwhile = restore.error?.problem.code === 'precondition-failed'
  return (
    <Modal
      opened
      onClose={onClose}
      size={560}
      title={t('version.askBack', { version: to.version })}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      <Stack gap="md">
        {differ.length === 0 ? (
          <p>{t('version.same')}</p>
        ) : (
          <Table className={style.compare}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{t('version.field')}</Table.Th>
                <Table.Th scope="col">{t('version.now')}</Table.Th>
                <Table.Th scope="col">{t('version.then', { version: to.version })}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {differ.map((field) => (
                <Table.Tr key={field}>
                  <Table.Th scope="row">{words.name(field)}</Table.Th>
                  <Table.Td>{words.value(field, base.code)}</Table.Td>
                  <Table.Td>{words.value(field, to.values)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
        <p className="t2">{t('version.text')}</p>
        {meanwhile && (
          <Note tone="warn" title={t('edit.changedTitle')}>
            {t('version.meanwhile')}
          </Note>
        )}
        {errors.length > 0 && (
          <Note tone="fail" title={t('version.cannot')}>
            {errors.map(([path, words]) => (
              <div key={path}>{words}</div>
            ))}
          </Note>
        )}
        {restore.error && !meanwhile && errors.length === 0 && <Refused error={restore.error} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('common:cancel')}
          </Button>
          <Button
            loading={restore.isPending}
            disabled={differ.length === 0 || meanwhile}
            onClick={() => restore.mutate({ id: code.id, version: to.version })}
          >
            {t('version.backTo', { version: to.version })}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
