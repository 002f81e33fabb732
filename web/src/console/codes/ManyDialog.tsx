import { Button, Checkbox, Group, Modal, Progress, Stack } from '@mantine/core'
import { type BulkJob, countCodes, getCode, listCodes, reissueCode } from '@postern/contract'
import { Link, useBlocker, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog, withoutTyping } from '../../ui/ConfirmDialog.tsx'
import { useFocusBack } from '../../ui/focus-back.ts'
import { Note } from '../../ui/Note.tsx'
import { NothingFits } from '../../ui/NothingFits.tsx'
import { problemIn } from '../../ui/Refused.tsx'
import { useBulk } from '../bulk/bulk.ts'
import { Failed as FailedRows } from '../bulk/JobParts.tsx'
import style from './Codes.module.css'
import { type Issued, IssuedSheet } from './IssuedSheet.tsx'
import { type Many, split, which } from './many.ts'
import { type Failed, type Run, useOnEach } from './on-each.ts'
import { authenticates, canReissue, useCodeName } from './words.ts'

type Props = { many: Many; onClose: (acted: boolean) => void }

const typedFor = (count: number) => (count > withoutTyping ? { typed: String(count) } : {})

/** Revokes what is selected, as one: how many, with what consequence; more than ten takes their number typed. */
export const RevokeMany = ({ many, onClose }: Props) => {
  const { t } = useTranslation('codes')
  useFocusBack()
  const [results, setResults] = useState(true)
  const [job, setJob] = useState<BulkJob>()
  const revoke = useBulk((made) => (made.failed > 0 ? setJob(made) : onClose(true)))
  const { taken: open, count, left } = split(many, ({ state }) => state !== 'revoked')
  const used = open?.filter(({ state }) => state === 'used').length
  if (job) return <NotAll job={job} onClose={() => onClose(true)} />
  if (count === 0)
    return (
      <NothingFits title={t('many.revokeNothing')} onClose={() => onClose(false)}>
        {t('many.revokeNone', { count: left })}
      </NothingFits>
    )
  return (
    <ConfirmDialog
      opened
      onClose={() => onClose(false)}
      title={t('many.revokeAsk', { count })}
      verb={t('many.revokeVerb', { count })}
      reason="required"
      {...typedFor(count)}
      busy={revoke.isPending}
      error={revoke.error}
      onConfirm={(reason) =>
        revoke.mutate({ action: 'revoke', ...which(open, many), reason, ...(results && used !== 0 ? { also: ['results'] } : {}) })
      }
    >
      <p>{t('many.revokeText')}</p>
      {left > 0 && <p className={style.left}>{t('many.revokedAlready', { count: left })}</p>}
      {used !== 0 && (
        <Checkbox
          mt="sm"
          label={used === undefined ? t('many.resultsAny') : t('many.results', { count: used })}
          description={t('many.resultsText')}
          checked={results}
          onChange={(click) => setResults(click.currentTarget.checked)}
        />
      )}
    </ConfirmDialog>
  )
}

/** Some could not be done: which, and why, is a file of the job. */
const NotAll = ({ job, onClose }: { job: BulkJob; onClose: () => void }) => {
  const { t } = useTranslation(['codes', 'common'])
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('many.done.revoke', { count: job.done })}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      <Stack gap="md">
        <Note tone="fail" title={t('many.failed', { count: job.failed })} action={<FailedRows of={job} />}>
          {t('many.failedWhy')} <Link to="/bulk">{t('many.jobs')}</Link>
        </Note>
        <Group justify="flex-end">
          <Button onClick={onClose} data-autofocus>
            {t('many.close')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

/** As many new secrets as are handed over from a screen; more are a job, whose result is fetched as files. */
const onScreen = 20

/** Issues anew what is selected and can be: links keep their printed symbol, what authenticates gets new secrets, shown once. */
export const ReissueMany = ({ many, onClose }: Props) => {
  const { t, i18n } = useTranslation(['codes', 'common'])
  useFocusBack()
  const navigate = useNavigate()
  const each = useOnEach(reissueCode, [listCodes, countCodes, getCode])
  const job = useBulk(() => {
    onClose(true)
    void navigate({ to: '/bulk' })
  })
  const { taken: can, count, left } = split(many, canReissue)
  // of the letters, where some went by letter
  const language = i18n.language === 'pl' ? 'pl' : 'en'
  const here = can !== undefined && count <= onScreen
  const [links, secrets] = [
    can?.filter(({ kind }) => kind === 'link').length ?? 0,
    can?.filter(({ kind }) => authenticates(kind)).length ?? 0,
  ]
  if (each.run) return <Running run={each.run} onStop={each.stop} onClose={() => onClose(true)} />
  if (count === 0)
    return (
      <NothingFits title={t('many.reissueNothing')} onClose={() => onClose(false)}>
        {t('many.reissueNone', { count: left })}
      </NothingFits>
    )
  return (
    <ConfirmDialog
      opened
      onClose={() => onClose(false)}
      title={t('many.reissueAsk', { count })}
      verb={t('many.reissueVerb', { count })}
      {...typedFor(count)}
      busy={job.isPending}
      error={job.error}
      onConfirm={() => {
        if (here) void each.start(can, ({ id }) => ({ id, language }))
        else job.mutate({ action: 'reissue', ...which(can, many), symbols: ['png', 'pdf'], language })
      }}
    >
      <p>{t('many.reissueText')}</p>
      <ul className={style.points}>
        {links > 0 && <li>{t('many.reissueLinks', { count: links })}</li>}
        {secrets > 0 && here && <li>{t('many.reissueSecrets', { count: secrets })}</li>}
        {!here && <li>{t('many.reissueJob')}</li>}
        {left > 0 && <li>{t('many.reissueCannot', { count: left })}</li>}
      </ul>
    </ConfirmDialog>
  )
}

type Value = Partial<Omit<Issued, 'svg'>> & { symbolSvg?: string }
const Running = ({ run, onStop, onClose }: { run: Run<object>; onStop: () => void; onClose: () => void }) => {
  const { t } = useTranslation(['codes', 'users', 'common'])
  const [sure, setSure] = useState(false)
  const over = run.state === 'over'
  const shown = run.done.flatMap(({ value: { symbolSvg: svg, url, code, activation, letterPdf } }: { value: Value }) =>
    svg && url && code ? [{ code, url, svg, activation, letterPdf }] : [],
  )
  const done = run.done.length + run.failed.length
  useBlocker({ disabled: over && (shown.length === 0 || sure), enableBeforeUnload: true, shouldBlockFn: () => true })
  const close = () => {
    if (!over) onStop()
    else if (shown.length > 0) setSure(true)
    else onClose()
  }
  if (over && sure)
    return (
      <Modal
        opened
        onClose={() => setSure(false)}
        closeOnClickOutside={false}
        title={t('many.done.reissue', { count: run.done.length })}
        closeButtonProps={{ 'aria-label': t('common:close') }}
      >
        <Stack gap="md">
          <p>{t('many.leaveText')}</p>
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={() => setSure(false)} data-autofocus>
              {t('users:leaveStay')}
            </Button>
            <Button onClick={onClose}>{t('many.leave')}</Button>
          </Group>
        </Stack>
      </Modal>
    )
  return (
    <Modal
      opened
      onClose={close}
      size={shown.length > 0 ? 760 : 440}
      closeOnClickOutside={false}
      title={over ? t('many.done.reissue', { count: run.done.length }) : t('many.doing', { count: run.total })}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      <Stack gap="md">
        {!over && (
          <>
            <Progress value={(100 * done) / run.total} aria-label={t('many.progress')} />
            <p role="status">{t('many.of', { done: String(done), total: String(run.total) })}</p>
          </>
        )}
        {over && done < run.total && <Note tone="warn">{t('many.stopped', { count: run.total - done })}</Note>}
        {run.failed.length > 0 && <Failures of={run.failed} />}
        {over && shown.length > 0 && <IssuedSheet of={shown} />}
        <Group justify="flex-end" gap="sm" data-no-print="">
          {over ? (
            <Button onClick={close} data-autofocus>
              {t('many.close')}
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
  const why = (error: unknown) => (problemIn(error)?.status === 0 ? 'unreachable' : (problemIn(error)?.code ?? 'bug'))
  return (
    <Note tone="fail" title={t('many.failed', { count: of.length })}>
      <ul className={style.points}>
        {of.map(({ code, error }) => (
          <li key={code.id}>
            {nameOf(code)}: {t(`common:refusal.${why(error)}.title`)}
          </li>
        ))}
      </ul>
    </Note>
  )
}
