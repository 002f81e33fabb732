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
export const Progress = ({ of: { done, failed, total, rate, secondsLeft, why, state } }: { of: BulkJob }) => {
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
      {why && <span className={style.why}>{t('stopped', { why: t(`why.${slug(why)}`, { defaultValue: why }) })}</span>}
    </div>
  )
}
const slug = (why: string) => why.toLowerCase().replace(/[^a-z]+/g, '_') as 'whoever_made_it_is_suspended_'

export const Failed = ({ of: { id, failed } }: { of: BulkJob }) => {
  const { t } = useTranslation('bulk')
  const download = useAction(createDownload, { onDone: ({ url }) => window.location.assign(url) })
  if (failed === 0) return <span className="t3">0</span>
  return (
    <Button
      variant="default"
      size="xs"
      className={style.failed}
      leftSection={<Icon of={IconDownload} size={14} />}
      loading={download.isPending}
      aria-label={t('failedDownload', { count: failed })}
      onClick={() => download.mutate({ path: `/api/bulk/${id}/errors` })}
    >
      {failed}
    </Button>
  )
}

/** Cancel while it runs; resume where it stopped; what it made, once, for who made it. */
export const Acts = ({ of: job }: { of: BulkJob }) => {
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
          size="xs"
          variant="default"
          leftSection={<Icon of={IconDownload} size={14} />}
          loading={download.isPending}
          onClick={() => download.mutate({ path: `/api/bulk/${job.id}/results` })}
        >
          {t('fetch')}
          <span className={style.until}>
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
