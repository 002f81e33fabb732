import { Button } from '@mantine/core'
import { type BulkJob, cancelBulkJob, createDownload, getBulkJob, listBulkJobs, resumeBulkJob } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconDownload } from '../../ui/icons.ts'
import { CountDown } from '../../ui/TimeText.tsx'
import { useAction } from '../calls.ts'
import { useSession } from '../session.ts'
import style from './Bulk.module.css'
import { isOpen } from './bulk.ts'
import { useDuration } from './duration.ts'

/** Done of total as a bar and in words; while it runs also how fast, and how long it takes. */
export const Progress = ({ of: { done, failed, total, rate, secondsLeft, stopped, why, state } }: { of: BulkJob }) => {
  const { t, i18n } = useTranslation('bulk')
  const number = new Intl.NumberFormat(i18n.language)
  const inWords = useDuration()
  const over = done + failed
  return (
    <div className={style.progress}>
      <progress
        className={style.bar}
        data-tone={state === 'failed' ? 'fail' : undefined}
        aria-label={t('progress')}
        max={total}
        value={over}
      />
      <span>{t('doneOf', { done: number.format(done), total: number.format(total) })}</span>
      {rate !== null && isOpen({ state }) && (
        <span className="t3">
          {t('rate', { rate: number.format(rate) })}
          {secondsLeft !== null && `, ${t('left', { time: inWords(secondsLeft) })}`}
        </span>
      )}
      {why && <span className={style.why}>{t('stopped', { why: stopped ? t(`why.${stopped}`) : why })}</span>}
    </div>
  )
}

/** How many rows failed, as the file that says why; `words`: where no heading stands above the number. */
export const Failed = ({ of: { id, failed }, words = false }: { of: BulkJob; words?: boolean }) => {
  const { t, i18n } = useTranslation('bulk')
  const download = useAction(createDownload, { onDone: ({ url }) => window.location.assign(url) })
  if (failed === 0) return <span className="t3">0</span>
  return (
    <>
      <Button
        variant="default"
        size="xs"
        className={style.failed}
        leftSection={<Icon of={IconDownload} size={14} />}
        loading={download.isPending}
        {...(words ? {} : { 'aria-label': t('failedDownload', { count: failed }) })}
        onClick={() => download.mutate({ path: `/api/bulk/${id}/errors?language=${i18n.language === 'pl' ? 'pl' : 'en'}` })}
      >
        {words ? t('failedRows', { count: failed }) : new Intl.NumberFormat(i18n.language).format(failed)}
      </Button>
      {download.error && (
        <span role="alert" className={style.why}>
          {t('refused')}
        </span>
      )}
    </>
  )
}

/**
 * Cancel while it runs; resume where it stopped; what it made, once, for who made it. `alone`: the job has the page to itself,
 * so that to fetch this is what there is to do.
 */
export const Acts = ({ of: job, alone = false }: { of: BulkJob; alone?: boolean }) => {
  const { t } = useTranslation('bulk')
  const session = useSession()
  const cancel = useAction(cancelBulkJob, { refreshes: [listBulkJobs, getBulkJob] })
  const resume = useAction(resumeBulkJob, { refreshes: [listBulkJobs, getBulkJob] })
  const download = useAction(createDownload, {
    refreshes: [listBulkJobs, getBulkJob],
    onDone: ({ url }) => window.location.assign(url),
  })
  const name = t(`action.${job.action}`, { count: job.total })
  const refused = cancel.error ?? resume.error ?? download.error
  return (
    <div className={style.acts}>
      {job.results && job.by === session.user.username && (
        <Button
          size={alone ? 'sm' : 'xs'}
          variant={alone ? 'filled' : 'default'}
          leftSection={<Icon of={IconDownload} size={14} />}
          loading={download.isPending}
          onClick={() => download.mutate({ path: `/api/bulk/${job.id}/results` })}
        >
          {t('fetch')}
          <span className={style.until} data-alone={alone ? '' : undefined}>
            <CountDown to={job.results.until} ended={t('over')} />
          </span>
        </Button>
      )}
      {isOpen(job) && (
        <Button
          size="xs"
          variant="default"
          loading={cancel.isPending}
          aria-label={t('cancelOf', { name })}
          onClick={() => cancel.mutate({ id: job.id })}
        >
          {t('cancel')}
        </Button>
      )}
      {(job.state === 'cancelled' || job.state === 'failed') && (
        <Button
          size="xs"
          variant="default"
          loading={resume.isPending}
          aria-label={t('resumeOf', { name })}
          onClick={() => resume.mutate({ id: job.id })}
        >
          {t('resume')}
        </Button>
      )}
      {refused && (
        <span role="alert" className={style.why}>
          {t(refused.problem.code === 'not-allowed' ? 'notYours' : 'refused')}
        </span>
      )}
    </div>
  )
}
