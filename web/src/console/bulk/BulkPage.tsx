import { type BulkJob, listBulkJobs } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { Page } from '../../ui/Page.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useList } from '../calls.ts'
import { useMay } from '../session.ts'
import { jobLook } from './bulk.ts'
import { Acts, Failed, Progress } from './JobParts.tsx'

const everyMs = 2_000

/** Bulk jobs as rows: how far, how fast, what failed. They go on when the page is left. */
export default function BulkPage() {
  const { t } = useTranslation(['bulk', 'common'])
  const jobs = useList(listBulkJobs, {}, { everyMs })
  const may = useMay('operator')
  const columns: Column<BulkJob>[] = [
    {
      key: 'action',
      title: t('what'),
      narrow: 'first',
      cell: ({ action, total }) => <b className="strong">{t(`action.${action}`, { count: total })}</b>,
    },
    {
      key: 'state',
      title: t('stateTitle'),
      narrow: 'first',
      cell: ({ state }) => <StateBadge look={jobLook[state]}>{t(`state.${state}`)}</StateBadge>,
    },
    { key: 'progress', title: t('progress'), cell: (job) => <Progress of={job} /> },
    { key: 'failed', title: t('failed'), labelled: true, cell: (job) => <Failed of={job} /> },
    { key: 'by', title: t('by'), narrow: 'none', cell: ({ by }) => by },
    { key: 'made', title: t('made'), labelled: true, cell: ({ createdAt }) => <TimeText at={createdAt} /> },
    ...(may ? [{ key: 'acts', title: t('acts'), untitled: true, cell: (job: BulkJob) => <Acts of={job} /> }] : []),
  ]
  return (
    <Page title={t('title')} below={t('text')} gutter={false}>
      <DataTable
        label={t('title')}
        {...jobs}
        columns={columns}
        rowKey={({ id }) => id}
        empty={<Empty title={t('none')}>{t('noneText')}</Empty>}
      />
    </Page>
  )
}
