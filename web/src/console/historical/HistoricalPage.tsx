import { Button } from '@mantine/core'
import { type CallIn, countHistorical, deploymentInfo, type HistoricalItem, keyOrigins, listHistorical } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useBadFilters } from '../../ui/BadFilter.tsx'
import { shortId } from '../../ui/CopyId.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { FilterBar } from '../../ui/FilterBar.tsx'
import { type Filter, FilterChips, useUrlFilters } from '../../ui/FilterChips.tsx'
import { Note } from '../../ui/Note.tsx'
import { NothingMatches } from '../../ui/NothingMatches.tsx'
import { Page } from '../../ui/Page.tsx'
import { useSelection } from '../../ui/selection.ts'
import { useCall, useList } from '../calls.ts'
import { useMay } from '../session.ts'
import { PersonChip } from '../users/PersonChip.tsx'
import { useHistoricalColumns } from './columns.tsx'
import style from './Historical.module.css'
import { ImportDialog } from './ImportDialog.tsx'
import { PurgeDialog } from './PurgeDialog.tsx'
import { ReEnrolDialog } from './ReEnrolDialog.tsx'
import { ages } from './words.ts'

const keys = ['kind', 'origin', 'olderThanMinutes', 'pending', 'neverUsed', 'due', 'userId'] as const
type Filters = Partial<Record<(typeof keys)[number], string>>

/** Every enrolment code and key by age: what still waits, what came from elsewhere, who is to re-enrol. */
export default function HistoricalPage() {
  const { t } = useTranslation(['historical', 'common'])
  const { values, set, clear, any } = useUrlFilters(keys)
  const items = useList(listHistorical, values as CallIn<typeof listHistorical>)
  const counts = useCall(countHistorical, {}).data
  const may = useMay('operator')
  const off = useCall(deploymentInfo, {}).data?.enrolment === false
  const selection = useSelection(JSON.stringify(values))
  const [asked, setAsked] = useState<'purge' | 'reEnrol' | 'import'>()
  const people = peopleOf((items.rows ?? []).filter(({ id }) => selection.keys.has(id)))
  const nameOf = ({ kind, user }: HistoricalItem): string =>
    t(kind === 'key' ? 'keyOf' : 'codeFor', { name: user?.username ?? '' })
  const yesNo = [
    { value: 'true', label: t('common:yes') },
    { value: 'false', label: t('common:no') },
  ]
  const close = () => setAsked(undefined)
  const filters: Filter[] = [
    {
      key: 'olderThanMinutes',
      label: t('older'),
      options: ages.map((age) => ({ value: String(age), label: t(`age.${age}`) })),
    },
    {
      key: 'kind',
      label: t('kind'),
      options: [
        { value: 'key', label: t('keys') },
        { value: 'code', label: t('enrolmentCodes') },
      ],
    },
    { key: 'origin', label: t('origin'), options: keyOrigins.map((value) => ({ value, label: t(`from.${value}`) })) },
    { key: 'pending', label: t('waiting'), options: yesNo },
    { key: 'neverUsed', label: t('neverUsed'), options: yesNo },
    { key: 'due', label: t('isDue'), options: yesNo },
  ]
  const refused = useBadFilters(
    items.error,
    [...filters, { key: 'userId', label: t('person'), hint: t('common:filter.badId') }],
    values,
    set,
  )
  return (
    <Page
      title={t('title')}
      gutter={false}
      crumb={<Link to="/codes">{t('codes')}</Link>}
      below={
        counts && (
          <>
            <span>{t('works', { count: counts.activeKeys })}</span>
            <span>{t('elsewhere', { count: counts.importedKeys })}</span>
            <span>{t('due', { count: counts.dueKeys })}</span>
            <span>{t('waits', { count: counts.openCodes + counts.pendingKeys })}</span>
          </>
        )
      }
      actions={
        may && (
          <>
            <Button variant="default" onClick={() => setAsked('purge')}>
              {t('purge.verb')}
            </Button>
            {!off && (
              <>
                <Button variant="default" onClick={() => setAsked('import')}>
                  {t('import.verb')}
                </Button>
                <Button onClick={() => setAsked('reEnrol')}>
                  {people.length > 0 ? t('reEnrol.some', { count: people.length }) : t('reEnrol.verb')}
                </Button>
              </>
            )}
          </>
        )
      }
      bar={
        <FilterBar set={Object.keys(values).length}>
          <FilterChips filters={filters} values={values} onChange={(key, value) => set({ [key]: value })} />
          <PersonChip label={t('person')} id={values.userId} onChange={(userId) => set({ userId })} />
        </FilterBar>
      }
    >
      {may && off && (
        <div className={style.said}>
          <Note title={t('off')}>{t('offText')}</Note>
        </div>
      )}
      <DataTable
        label={t('title')}
        {...items}
        refused={refused}
        columns={useHistoricalColumns(nameOf)}
        rowKey={({ id }) => id}
        rowLink={({ kind, id, user }) => (kind === 'code' || !user ? `/codes/${id}` : `/users/${user.id}`)}
        selection={may && !off ? selection : undefined}
        nameOf={(item) => `${nameOf(item)} ${shortId(item.id)}`}
        empty={any ? <NothingMatches onClear={clear} /> : <Empty title={t('none')}>{t('noneText')}</Empty>}
      />
      {asked === 'purge' && <PurgeDialog onClose={close} />}
      {asked === 'import' && <ImportDialog onClose={close} />}
      {asked === 'reEnrol' && (
        <ReEnrolDialog
          whom={people.length > 0 ? { people } : { filter: filterOf(values) }}
          onClose={(done) => {
            if (done) selection.clear()
            close()
          }}
        />
      )}
    </Page>
  )
}

const peopleOf = (items: readonly HistoricalItem[]) => [
  ...new Map(items.flatMap(({ user }) => (user ? [[user.id, user] as const] : []))).values(),
]
/** What of the list's filters says whose keys are meant. */
const filterOf = ({ origin, olderThanMinutes, neverUsed }: Filters) => ({
  ...(origin === 'postern' || origin === 'imported' ? { origin: origin as 'postern' | 'imported' } : {}),
  ...(Number(olderThanMinutes) > 0 ? { olderThanMinutes: Number(olderThanMinutes) } : {}),
  ...(neverUsed ? { neverUsed: neverUsed === 'true' } : {}),
})
