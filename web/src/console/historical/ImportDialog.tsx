import { Button, Checkbox, Group, Modal, Stack, Textarea } from '@mantine/core'
import {
  countHistorical,
  getUser,
  importTotp,
  type KeyRow,
  listEvents,
  listHistorical,
  listSessions,
  listUsers,
  type Out,
} from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { useFocusBack } from '../../ui/focus-back.ts'
import { Note } from '../../ui/Note.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { useAction } from '../calls.ts'
import { PersonChip } from '../users/PersonChip.tsx'
import style from './Historical.module.css'

type People = { row: number; userId: string }[]
/** Keys from elsewhere: what each row would be and what stands against it, before anything happens; for one person or many. */
export const ImportDialog = ({ user, onClose }: { user?: { id: string; username: string }; onClose: () => void }) => {
  const { t } = useTranslation(['historical', 'common'])
  useFocusBack()
  const [content, setContent] = useState('')
  const [people, setPeople] = useState<People>(user ? [{ row: 1, userId: user.id }] : [])
  const [replace, setReplace] = useState(false)
  const check = useAction(importTotp)
  const bring = useAction(importTotp, {
    refreshes: [listHistorical, countHistorical, getUser, listUsers, listSessions, listEvents],
    // a secret stays on the page no longer than it must
    onDone: () => setContent(''),
  })
  const checked = check.data
  const ready = checked?.rows.filter(({ outcome }) => outcome === 'ready').length ?? 0
  const tooMany = user !== undefined && (checked?.rows.length ?? 0) > 1
  const look = (now: { people?: People; replace?: boolean } = {}) =>
    check.mutate({ content, people, replace, ...now, dryRun: true })
  const change = (set: () => void) => {
    set()
    check.reset()
    bring.reset()
  }
  const error = bring.error ?? check.error
  const errors = fieldErrors(error)
  const done = bring.data
  return (
    <Modal
      opened
      onClose={onClose}
      size={660}
      closeOnClickOutside={content === ''}
      title={user ? t('import.titleFor', { name: user.username }) : t('import.title')}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      {done ? (
        <Stack gap="md">
          <p role="status">{t('import.done', { count: done.imported })}</p>
          <Rows of={done} />
          <Group justify="flex-end">
            <Button onClick={onClose} data-autofocus>
              {t('common:close')}
            </Button>
          </Group>
        </Stack>
      ) : (
        <form
          onSubmit={(submit) => {
            submit.preventDefault()
            if (!checked) look()
            else if (ready > 0 && !tooMany) bring.mutate({ content, people, replace })
          }}
        >
          <Stack gap="md">
            <Note title={t('import.better')}>{t('import.betterText')}</Note>
            <Textarea
              className={style.content ?? ''}
              label={t('import.links')}
              description={t('import.linksText')}
              required
              rows={5}
              maxLength={60_000}
              spellCheck={false}
              autoComplete="off"
              value={content}
              error={errors.content}
              onChange={({ currentTarget: { value } }) => change(() => setContent(value))}
              data-autofocus
            />
            {checked && (
              <>
                {tooMany && <Note tone="warn">{t('import.tooMany')}</Note>}
                {checked.missingParts.length > 0 && (
                  <Note tone="warn">{t('import.missing', { parts: checked.missingParts.join(', ') })}</Note>
                )}
                <Rows
                  of={checked}
                  {...(user
                    ? {}
                    : {
                        onPerson: (row: number, userId: string) => {
                          const now = [...people.filter((each) => each.row !== row), { row, userId }]
                          setPeople(now)
                          look({ people: now })
                        },
                      })}
                />
                {checked.rows.some(({ replaces }) => replaces) && (
                  <Checkbox
                    label={t('import.replace')}
                    description={t('import.replaceText')}
                    checked={replace}
                    onChange={({ currentTarget: { checked: on } }) => {
                      setReplace(on)
                      look({ replace: on })
                    }}
                  />
                )}
              </>
            )}
            {error && Object.keys(errors).length === 0 ? <Refused error={error} /> : null}
            <Group justify="flex-end" gap="sm">
              <Button variant="default" onClick={onClose}>
                {t('common:cancel')}
              </Button>
              {checked ? (
                <Button type="submit" loading={bring.isPending || check.isPending} disabled={ready === 0 || tooMany}>
                  {t('import.do', { count: ready })}
                </Button>
              ) : (
                <Button type="submit" loading={check.isPending} disabled={content.trim() === ''}>
                  {t('import.check')}
                </Button>
              )}
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  )
}

const look = { ready: 'active', imported: 'success', refused: 'failure' } as const
const Rows = ({ of: { rows }, onPerson }: { of: Out<typeof importTotp>; onPerson?: (row: number, userId: string) => void }) => {
  const { t } = useTranslation(['historical', 'users'])
  return (
    <ul className={style.rows} aria-label={t('import.rows')}>
      {rows.map((row) => (
        <li key={row.row}>
          <span className={style.head}>
            <span>
              <b>{[row.issuer, row.label].filter(Boolean).join(': ') || t('import.unnamed', { row: String(row.row) })}</b>
              {row.user && <span className="t2"> → {row.user.username}</span>}
            </span>
            <StateBadge look={look[row.outcome]}>{t(`import.outcome.${row.outcome}`)}</StateBadge>
          </span>
          <Said row={row} />
          {onPerson && row.refusal === 'nobody' && (
            <span>
              <PersonChip label={t('import.whose')} id={undefined} onChange={(id) => id && onPerson(row.row, id)} />
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}
const Said = ({ row }: { row: KeyRow }) => {
  const { t } = useTranslation('historical')
  const facts = row.algorithm
    ? t('import.facts', {
        algorithm: row.algorithm,
        digits: String(row.digits ?? '?'),
        seconds: String(row.periodSeconds ?? '?'),
        bits: String(row.bits ?? '?'),
      })
    : undefined
  return (
    <>
      {row.refusal && <span>{t(`import.refusal.${row.refusal}`, { bits: String(row.bits ?? 0) })}</span>}
      {!row.refusal && row.replaces && <span>{t('import.replaces')}</span>}
      {!row.refusal && !row.hasPassword && <span>{t('import.noPassword')}</span>}
      {facts && <span className="small t3">{facts}</span>}
    </>
  )
}
