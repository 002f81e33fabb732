import { Button } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { type CallIn, createDownload, type Event, eventOutcomes, eventTypes, listEvents, streamEvents } from '@postern/contract'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useBadFilters } from '../../ui/BadFilter.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { FilterBar } from '../../ui/FilterBar.tsx'
import { type Filter, FilterChips, useUrlFilters } from '../../ui/FilterChips.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { IconDownload } from '../../ui/icons.ts'
import { NothingMatches } from '../../ui/NothingMatches.tsx'
import { Page } from '../../ui/Page.tsx'
import { countryName } from '../../ui/places.ts'
import { queryClient, useAction, useList } from '../calls.ts'
import { useStream } from '../stream.ts'
import { PersonChip } from '../users/PersonChip.tsx'
import { useEventColumns } from './columns.tsx'
import { LiveState } from './LiveState.tsx'
import { PeriodChip } from './PeriodChip.tsx'
import { instantOf } from './period.ts'
import { useEventWords } from './words.ts'

const keys = ['type', 'outcome', 'userId', 'country', 'codeId', 'sessionId', 'deviceId', 'address', 'from', 'to'] as const
type Filters = Partial<Record<(typeof keys)[number], string>>
/** The groups of types, in the order of the contract: `sign-in.` and so on. */
const groups = [...new Set(Object.keys(eventTypes).map((type) => `${type.split('.')[0]}.`))]
/** New rows kept until they are asked for; beyond that the number says "more than". */
const kept = 999

// The list moves only when its person asks for it: nothing is read again because the window got the focus.
queryClient.setQueryDefaults([listEvents.path], {
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
  refetchOnMount: 'always',
})

/** The record as it grows. New rows gather in a count, and move nothing under pointer or focus until they are asked for. */
export default function EventsPage() {
  const { t, i18n } = useTranslation(['events', 'users', 'common'])
  const words = useEventWords()
  const { values, set, clear, any } = useUrlFilters(keys)
  const [asOf, setAsOf] = useState(Date.now)
  const filter = useMemo(() => filterOf(values, asOf), [values, asOf])
  const events = useList(listEvents, filter)
  const [came, setCame] = useState<{ events: Event[]; more: boolean }>({ events: [], more: false })
  const stream = useStream(streamEvents, {}, (event) =>
    setCame((before) =>
      before.events.length < kept ? { ...before, events: [...before.events, event] } : { ...before, more: true },
    ),
  )
  const shown = new Set(events.rows?.map(({ id }) => id))
  const waiting = came.events.filter((event) => !shown.has(event.id) && fits(event, filter))
  const show = () => {
    setCame({ events: [], more: false })
    setAsOf(Date.now())
    events.onRetry()
  }
  // In the head it has room to change without moving a row; on narrow screens it has a line of its own.
  const narrow = useMediaQuery('(max-width: 600px)', undefined, { getInitialValueInEffect: false })
  const live = <LiveState {...stream} waiting={waiting} more={came.more} onShow={show} />
  const download = useAction(createDownload, { onDone: ({ url }) => window.location.assign(url) })
  const filters: Filter[] = [
    {
      key: 'outcome',
      label: t('filter.outcome'),
      options: eventOutcomes.map((value) => ({ value, label: words.outcome(value) })),
    },
    {
      key: 'type',
      label: t('filter.type'),
      options: groups.map((value) => ({ value, label: t(`group.${value.slice(0, -1) as 'code'}`) })),
    },
    {
      key: 'country',
      label: t('filter.country'),
      hint: t('filter.countryHint'),
      // Typed as its two letters; once set, the chip has its name.
      ...(values.country
        ? {
            options: [
              { value: values.country, label: countryName(values.country.toUpperCase(), i18n.language) ?? values.country },
            ],
          }
        : {}),
    },
    { key: 'address', label: t('filter.address'), hint: t('filter.addressHint') },
    { key: 'codeId', label: t('filter.code') },
    { key: 'sessionId', label: t('filter.session') },
    { key: 'deviceId', label: t('filter.device') },
  ]
  const refused = useBadFilters(
    events.error,
    [
      ...filters.map((filter) => (filter.options || filter.hint ? filter : { ...filter, hint: t('common:filter.badId') })),
      { key: 'userId', label: t('users:person'), hint: t('common:filter.badId') },
      { key: 'from', label: t('filter.from'), hint: t('common:filter.badTime') },
      { key: 'to', label: t('filter.to'), hint: t('common:filter.badTime') },
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
          {!narrow && live}
          <Button
            variant="default"
            leftSection={<Icon of={IconDownload} />}
            loading={download.isPending}
            onClick={() => download.mutate({ path: '/api/events/export' })}
          >
            {t('export')}
          </Button>
        </>
      }
      error={download.error}
      bar={
        <>
          <FilterBar set={Object.keys(values).length}>
            <PeriodChip from={values.from} to={values.to} onChange={({ from, to }) => set({ from, to })} />
            <PersonChip id={values.userId} onChange={(userId) => set({ userId })} />
            <FilterChips filters={filters} values={values} onChange={(key, value) => set({ [key]: value })} />
          </FilterBar>
          {narrow && live}
        </>
      }
    >
      <DataTable
        label={t('title')}
        {...events}
        refused={refused}
        columns={useEventColumns()}
        rowKey={({ id }) => id}
        rowLink={({ id }) => `/events/${id}`}
        empty={any ? <NothingMatches onClear={clear} /> : <Empty title={t('none')}>{t('noneText')}</Empty>}
      />
    </Page>
  )
}

/** What the address says, as the call takes it: relative times as of the moment the list was asked for. */
const filterOf = ({ from, to, country, ...rest }: Filters, asOf: number): CallIn<typeof listEvents> => {
  // what is no time goes as it is, to be refused: a list without the filter would look like one with it
  const [start, end] = [instantOf(from, asOf) ?? from, instantOf(to, asOf) ?? to]
  return {
    ...rest,
    ...(country ? { country: country.toUpperCase() } : {}),
    ...(start ? { from: start } : {}),
    ...(end ? { to: end } : {}),
  } as CallIn<typeof listEvents>
}

/** Whether a live event belongs in the list that is shown: the same question that the server answers for the list. */
const fits = (
  event: Event,
  { type, outcome, userId, country, codeId, sessionId, deviceId, address, from, to }: CallIn<typeof listEvents>,
) =>
  (!type || type.split(',').some((each) => (each.endsWith('.') ? event.type.startsWith(each) : event.type === each))) &&
  (!outcome || event.outcome === outcome) &&
  (!userId || event.actor.id === userId || event.subject?.id === userId) &&
  (!country || event.place?.country === country) &&
  (!codeId || event.codeId === codeId) &&
  (!sessionId || event.sessionId === sessionId) &&
  (!deviceId || event.device.id === deviceId) &&
  (!address || event.address === address) &&
  (!from || event.time >= from) &&
  (!to || event.time < to)
