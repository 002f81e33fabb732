import { Button, Group, Modal, Progress, Stack } from '@mantine/core'
import { type Code, countCodes, getCode, listCodes, reissueCode, revokeCode } from '@postern/contract'
import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from '../../ui/ConfirmDialog.tsx'
import { useFocusBack } from '../../ui/focus-back.ts'
import { Note } from '../../ui/Note.tsx'
import { problemIn } from '../../ui/Refused.tsx'
import style from './Codes.module.css'
import { IssuedSheet } from './IssuedSheet.tsx'
import { type Failed, type Run, useOnEach } from './on-each.ts'
import { authenticates, canReissue, useCodeName } from './words.ts'

const changed = [listCodes, countCodes, getCode]
type Props = { codes: readonly Code[]; onClose: (acted: boolean) => void }

/** Revokes what is selected: how many, with what consequence; more than ten takes their number typed. */
export const RevokeMany = ({ codes, onClose }: Props) => {
  const { t } = useTranslation('codes')
  useFocusBack()
  const each = useOnEach(revokeCode, changed)
  const open = codes.filter(({ state }) => state !== 'revoked')
  const used = open.filter(({ state }) => state === 'used').length
  if (each.run) return <Running run={each.run} verb="revoke" onStop={each.stop} onClose={() => onClose(true)} />
  return (
    <ConfirmDialog
      opened
      onClose={() => onClose(false)}
      title={t('many.revokeAsk', { count: open.length })}
      verb={t('many.revokeVerb', { count: open.length })}
      reason="required"
      {...(open.length > 10 ? { typed: String(open.length) } : {})}
      onConfirm={(reason) =>
        void each.start(open, ({ id, state }) => ({ id, reason, ...(state === 'used' ? { also: ['results' as const] } : {}) }))
      }
    >
      <p>{t('many.revokeText')}</p>
      <ul className={style.points}>
        {used > 0 && <li>{t('many.revokeUsed', { count: used })}</li>}
        {codes.length > open.length && <li>{t('many.revokedAlready', { count: codes.length - open.length })}</li>}
      </ul>
    </ConfirmDialog>
  )
}

/** Issues anew what is selected and can be: links keep their printed symbol, what authenticates gets new secrets, shown once. */
export const ReissueMany = ({ codes, onClose }: Props) => {
  const { t } = useTranslation(['codes', 'common'])
  useFocusBack()
  const each = useOnEach(reissueCode, changed)
  const can = codes.filter(canReissue)
  const [links, secrets] = [
    can.filter(({ kind }) => kind === 'link').length,
    can.filter(({ kind }) => authenticates(kind)).length,
  ]
  if (each.run) return <Running run={each.run} verb="reissue" onStop={each.stop} onClose={() => onClose(true)} />
  return (
    <ConfirmDialog
      opened
      onClose={() => onClose(false)}
      title={t('many.reissueAsk', { count: can.length })}
      verb={t('many.reissueVerb', { count: can.length })}
      {...(can.length > 10 ? { typed: String(can.length) } : {})}
      onConfirm={() => can.length > 0 && void each.start(can, ({ id }) => ({ id }))}
    >
      <p>{t('many.reissueText')}</p>
      <ul className={style.points}>
        {links > 0 && <li>{t('many.reissueLinks', { count: links })}</li>}
        {secrets > 0 && <li>{t('many.reissueSecrets', { count: secrets })}</li>}
        {codes.length > can.length && <li>{t('many.reissueCannot', { count: codes.length - can.length })}</li>}
      </ul>
    </ConfirmDialog>
  )
}

type Value = { url?: string | undefined; symbolSvg?: string | undefined; code?: Code }
const Running = ({
  run,
  verb,
  onStop,
  onClose,
}: {
  run: Run<object>
  verb: 'revoke' | 'reissue'
  onStop: () => void
  onClose: () => void
}) => {
  const { t } = useTranslation(['codes', 'common'])
  const [sure, setSure] = useState(false)
  const over = run.state === 'over'
  const shown = run.done.flatMap(({ code, value }: { code: Code; value: Value }) =>
    value.symbolSvg && value.url && value.code ? [{ of: code, code: value.code, url: value.url, svg: value.symbolSvg }] : [],
  )
  const done = run.done.length + run.failed.length
  useBlocker({ disabled: over && (shown.length === 0 || sure), enableBeforeUnload: true, shouldBlockFn: () => true })
  const close = () => {
    if (!over) onStop()
    else if (shown.length > 0 && !sure) setSure(true)
    else onClose()
  }
  return (
    <Modal
      opened
      onClose={close}
      size={shown.length > 0 ? 760 : 440}
      closeOnClickOutside={false}
      title={t(`many.${over ? 'done' : 'doing'}.${verb}`, { count: over ? run.done.length : run.total })}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      <Stack gap="md">
        {!over && (
          <>
            <Progress value={(100 * done) / run.total} aria-label={t('many.progress')} />
            <p role="status">{t('many.of', { done: String(done), total: String(run.total) })}</p>
          </>
        )}
        {over && run.done.length + run.failed.length < run.total && (
          <Note tone="warn">{t('many.stopped', { count: run.total - done })}</Note>
        )}
        {run.failed.length > 0 && <Failures of={run.failed} />}
        {over && shown.length > 0 && <IssuedSheet of={shown} />}
        {over && sure && <Note tone="warn">{t('many.leaveText')}</Note>}
        <Group justify="flex-end" gap="sm" data-no-print="">
          {over ? (
            <Button onClick={close} data-autofocus>
              {sure ? t('many.leave') : t('many.close')}
            </Button>
          ) : (
            <Button variant="default" disabled={run.state === 'stopping'} onClick={onStop} data-autofocus>
              {t('many.stop')}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  )
}
const Failures = ({ of }: { of: readonly Failed[] }) => {
  const { t } = useTranslation(['codes', 'common'])
  const nameOf = useCodeName()
  return (
    <Note tone="fail" title={t('many.failed', { count: of.length })}>
      <ul className={style.points}>
        {of.map(({ code, error }) => (
          <li key={code.id}>
            {nameOf(code)}:{' '}
            {t(`common:refusal.${problemIn(error)?.status === 0 ? 'unreachable' : (problemIn(error)?.code ?? 'bug')}.title`)}
          </li>
        ))}
      </ul>
    </Note>
  )
}
