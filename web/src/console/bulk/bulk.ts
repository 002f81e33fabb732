import {
  type BulkJob,
  bulkCodes,
  countCodes,
  getCode,
  type JobState,
  listBulkJobs,
  listCodes,
  listEvents,
} from '@postern/contract'
import { useTranslation } from 'react-i18next'
import type { Look } from '../../ui/StateBadge.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction } from '../calls.ts'

export const jobLook: Record<JobState, Look> = {
  queued: 'waiting',
  running: 'active',
  cancelled: 'expired',
  done: 'success',
  failed: 'failure',
}
export const isOpen = ({ state }: Pick<BulkJob, 'state'>): boolean => state === 'queued' || state === 'running'

/**
 * One act on many codes, for any list of them: `mutate({ action, ids | filter, … })`. A set that is revoked is over with the
 * answer; everything else is a job, and goes on when the page is left. Says which it was.
 */
export const useBulk = (onStarted?: (job: BulkJob) => void) => {
  const { t } = useTranslation('bulk')
  return useAction(bulkCodes, {
    refreshes: [listCodes, countCodes, getCode, listBulkJobs, listEvents],
    onDone: (answer) => {
      const job = answer as BulkJob
      if (isOpen(job)) toast(t('started', { count: job.total }))
      else
        toast(
          job.failed > 0
            ? t('doneSome', { done: job.done, failed: job.failed })
            : t(`doneAll.${job.action}`, { count: job.done }),
        )
      onStarted?.(job)
    },
  })
}
