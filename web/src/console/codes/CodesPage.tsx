import { Button } from '@mantine/core'
import { type CallIn, codeKinds, codeStates, countCodes, listBrands, listCodes } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useBadFilters } from '../../ui/BadFilter.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { FilterBar } from '../../ui/FilterBar.tsx'
import { type Filter, FilterChips, useUrlFilters } from '../../ui/FilterChips.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { IconPlus } from '../../ui/icons.ts'
import { NothingMatches } from '../../ui/NothingMatches.tsx'
import { Page } from '../../ui/Page.tsx'
import { SearchField } from '../../ui/SearchField.tsx'
import { useSelection } from '../../ui/selection.ts'
import { useCall, useList } from '../calls.ts'
import { PeriodChip } from '../events/PeriodChip.tsx'
import { instantOf } from '../events/period.ts'
import { useMay } from '../session.ts'
import { PersonChip } from '../users/PersonChip.tsx'
import style from './Codes.module.css'
import { useCodeColumns } from './columns.tsx'
import { SelectionBar } from './SelectionBar.tsx'
import { useCodeName } from './words.ts'

const keys = ['state', 'kind', 'userId', 'owner', 'brand', 'device', 'from', 'to', 'q'] as const
type Filters = Partial<Record<(typeof keys)[number], string>>

/** Every code of the deployment: kind, state, who looks after it, how often it was opened. Never a secret. */
export default function CodesPage() {
  const { t } = useTranslation(['codes', 'common'])
  const { values, set, clear, any } = useUrlFilters(keys)
  // "the last 7 days" are those before this page was opened, or its filters were set
  const [asOf] = useState(Date.now)
  const filter = useMemo(() => filterOf(values, asOf), [values, asOf])
  const { state, ...others } = filter
  const codes = useList(listCodes, filter)
  const counts = useCall(countCodes, others as CallIn<typeof countCodes>).data
  const brands = useCall(listBrands, { archived: 'all', limit: 200 }).data?.items ?? []
  const may = useMay('operator')
  const nameOf = useCodeName()
  const selection = useSelection(JSON.stringify(filter))
  const device = codes.rows?.find((code) => code.device?.id === values.device)?.device
  const selected = codes.rows?.filter(({ id }) => selection.keys.has(id)) ?? []
  const filters: Filter[] = [
    {
      key: 'kind',
      label: t('kindTitle'),
      options: codeKinds.map((value) => ({ value, label: t(`kindShort.${value}`) })),
    },
    { key: 'brand', label: t('field.brand'), options: brands.map(({ id, name }) => ({ value: id, label: name })) },
    // a device is chosen where it is listed, and leads here
    ...(values.device
      ? [{ key: 'device', label: t('device'), options: device ? [{ value: device.id, label: device.name }] : [] }]
      : []),
  ]
  const [anId, aTime] = [t('common:filter.badId'), t('common:filter.badTime')]
  const refused = useBadFilters(
    codes.error,
    [
      ...filters.map((filter) => ({ ...filter, hint: anId })),
      { key: 'state', label: t('stateTitle'), options: codeStates.map((value) => ({ value, label: t(`state.${value}`) })) },
      { key: 'userId', label: t('whom'), hint: anId },
      { key: 'owner', label: t('owner'), hint: anId },
      { key: 'from', param: 'createdFrom', label: t('issued'), hint: aTime },
      { key: 'to', param: 'createdTo', label: t('issued'), hint: aTime },
    ],
    values,
    set,
  )
  return (
    <Page
      title={t('title')}
      gutter={false}
      actions={
        <>
          <Button component={Link} to="/codes/scans" variant="default">
            {t('scans')}
          </Button>
          <Button component={Link} to="/codes/historical" variant="default">
            {t('historical')}
          </Button>
          {may && (
            <>
              <Button component={Link} to="/codes/import" variant="default">
                {t('import')}
              </Button>
              <Button component={Link} to="/codes/new" leftSection={<Icon of={IconPlus} />}>
                {t('new.issue')}
              </Button>
            </>
          )}
        </>
      }
      bar={
        <>
          <Tabs state={values.state} counts={counts} />
          <SearchField label={t('search')} value={values.q} onChange={(typed) => set({ q: typed })} />
          <FilterBar set={Object.keys(values).filter((key) => key !== 'state' && key !== 'q').length}>
            <FilterChips filters={filters} values={values} onChange={(key, value) => set({ [key]: value })} />
            <PersonChip label={t('whom')} id={values.userId} onChange={(userId) => set({ userId })} />
            <PersonChip label={t('owner')} id={values.owner} onChange={(owner) => set({ owner })} />
            <PeriodChip label={t('issued')} from={values.from} to={values.to} onChange={set} />
          </FilterBar>
        </>
      }
    >
      <DataTable
        label={t('title')}
        {...codes}
        refused={refused}
        columns={useCodeColumns()}
        rowKey={({ id }) => id}
        rowLink={({ id }) => `/codes/${id}`}
        selection={may ? selection : undefined}
        nameOf={nameOf}
        empty={
          any ? (
            <NothingMatches onClear={clear} />
          ) : (
            <Empty
              title={t('none')}
              action={
                may && (
                  <Button component={Link} to="/codes/new" variant="default">
                    {t('new.issue')}
                  </Button>
                )
              }
            >
              {t('noneText')}
            </Empty>
          )
        }
      />
      <SelectionBar
        codes={selected}
        filter={filter}
        all={selection.all}
        total={counts && (state ? counts.states[state] : counts.all)}
        about={counts?.about === true}
        onAll={selection.everything}
        onClear={selection.clear}
      />
    </Page>
  )
}

const Tabs = ({
  state,
  counts,
}: {
  state: string | undefined
  counts: ReturnType<typeof useCall<typeof countCodes>>['data']
}) => {
  const { t, i18n } = useTranslation('codes')
  const number = new Intl.NumberFormat(i18n.language)
  const bar = useRef<HTMLElement>(null)
  const counted = counts !== undefined
  // on a phone they do not all fit: the chosen one is in view, also when their counts have made them wider
  // biome-ignore lint/correctness/useExhaustiveDependencies: with the choice, not with each drawing
  useEffect(() => {
    bar.current?.querySelector('[aria-current=page]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [state, counted])
  const tab = (value: (typeof codeStates)[number] | undefined, name: string, count: number | undefined) => (
    <Link
      key={name}
      to="/codes"
      search={((before: object) => ({ ...before, state: value })) as never}
      replace
      // of all codes only where no state is chosen: without this its address would be part of every other one
      activeOptions={{ explicitUndefined: true }}
      aria-current={state === value ? 'page' : undefined}
    >
      {name}
      {count !== undefined && (
        <span className={style.count}>
          {counts?.about ? t('about100', { count: number.format(count) as never }) : number.format(count)}
        </span>
      )}
    </Link>
  )
  return (
    <nav ref={bar} className={style.tabs} aria-label={t('states')}>
      {tab(undefined, t('all'), counts?.all)}
      {codeStates.map((value) => tab(value, t(`state.${value}`), counts?.states[value]))}
    </nav>
  )
}

/** The address as the API's filter; a period that is relative counts back from `asOf`. */
const filterOf = ({ from, to, ...rest }: Filters, asOf: number): CallIn<typeof listCodes> => {
  // what is no time goes as it is, to be refused: a list without the filter would look like one with it
  const [createdFrom, createdTo] = [instantOf(from, asOf) ?? from, instantOf(to, asOf) ?? to]
  return {
    ...(rest as CallIn<typeof listCodes>),
    ...(createdFrom ? { createdFrom } : {}),
    ...(createdTo ? { createdTo } : {}),
  }
}
