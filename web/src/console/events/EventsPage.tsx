import { Button } from '@mantine/core'
import { type CallIn, createDownload, type Event, eventOutcomes, eventTypes, listEvents, streamEvents } from '@postern/contract'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyId } from '../../ui/CopyId.tsx'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { type Filter, FilterChips, useUrlFilters } from '../../ui/FilterChips.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { IconDownload } from '../../ui/icons.ts'
import { Note } from '../../ui/Note.tsx'
import { Page } from '../../ui/Page.tsx'
import { countryName } from '../../ui/places.ts'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useAction, useList } from '../calls.ts'
import { useStream } from '../stream.ts'
import style from './EventsPage.module.css'
import { outcomeLook, useEventWords } from './words.ts'

const keys = ['type', 'outcome', 'userId', 'country', 'codeId', 'sessionId', 'address', 'from', 'to'] as const
const spans = { '-1h': 3_600, '-24h': 86_400, '-7d': 604_800 } as const

/** A relative span stays relative in the address; the call gets the instant of now. To the minute, so that a render asks nothing new. */
const instant = (value: string | undefined): string | undefined => {
  if (!value) return undefined
  const seconds = spans[value as keyof typeof spans]
  if (seconds === undefined) return value
  return new Date(Math.floor(Date.now() / 60_000) * 60_000 - seconds * 1_000).toISOString()
}

/** The record as it grows. New rows gather above the list, and move nothing under pointer or focus until they are asked for. */
export default function EventsPage() {
  const { t, i18n } = useTranslation(['events', 'common'])
  const words = useEventWords()
  const { values, set, clear, any } = useUrlFilters(keys)
  const { from, to, ...same } = values
  const start = instant(from)
  const filter = { ...same, ...(start ? { from: start } : {}), ...(to ? { to } : {}) } as CallIn<typeof listEvents>
  const events = useList(listEvents, filter)
  const [fresh, setFresh] = useState(0)
  const fits = useRef((_: Event): boolean => true)
  fits.current = (event) => fitsFilter(event, same)
  const stream = useStream(streamEvents, {}, (event) => {
    if (fits.current(event)) setFresh((count) => count + 1)
  })
  const show = () => {
    setFresh(0)
    events.onRetry()
  }
  const download = useAction(createDownload, { onDone: ({ url }) => window.location.assign(url) })
  const filters: Filter[] = [
    {
      key: 'from',
      label: t('filter.from'),
      options: Object.keys(spans).map((value) => ({ value, label: t(`span.${value as '-1h'}`) })),
    },
    {
      key: 'outcome',
      label: t('filter.outcome'),
      options: eventOutcomes.map((value) => ({ value, label: words.outcome(value) })),
    },
    {
      key: 'type',
      label: t('filter.type'),
      options: [...new Set(Object.keys(eventTypes).map((type) => `${type.split('.')[0]}.`))].map((value) => ({
        value,
        label: t(`group.${value.slice(0, -1) as 'code'}`),
      })),
    },
    { key: 'userId', label: t('filter.user') },
    { key: 'country', label: t('filter.country') },
    { key: 'address', label: t('filter.address') },
    { key: 'codeId', label: t('filter.code') },
    { key: 'sessionId', label: t('filter.session') },
  ]
  const columns: Column<Event>[] = [
    { key: 'time', title: t('time'), narrow: 'first', cell: ({ time }) => <TimeText at={time} as="clock" /> },
    {
      key: 'outcome',
      title: t('outcomeTitle'),
      narrow: 'first',
      cell: ({ outcome }) => <StateBadge look={outcomeLook[outcome]}>{words.outcome(outcome)}</StateBadge>,
    },
    { key: 'who', title: t('who'), cell: (event) => <span className="strong">{words.who(event)}</span> },
    { key: 'what', title: t('what'), cell: (event) => words.what(event) },
    { key: 'where', title: t('where'), cell: ({ place }) => countryName(place?.country, i18n.language) ?? t('common:notKnown') },
    { key: 'device', title: t('device'), narrow: 'none', cell: ({ device }) => deviceName(device, t('common:notKnown')) },
    { key: 'code', title: t('code'), narrow: 'none', cell: ({ codeId }) => codeId && <CopyId id={codeId} short /> },
  ]
  return (
    <Page
      title={t('title')}
      gutter={false}
      actions={
        <Button
          variant="default"
          leftSection={<Icon of={IconDownload} />}
          loading={download.isPending}
          onClick={() => download.mutate({ path: '/api/events/export' })}
        >
          {t('export')}
        </Button>
      }
      error={download.error}
      bar={<FilterChips filters={filters} values={values} onChange={(key, value) => set({ [key]: value })} />}
    >
      {!stream.live && Date.now() - stream.since > 3_000 && (
        <Note tone="warn" title={t('paused')}>
          {t('pausedSince')} <TimeText at={new Date(stream.since).toISOString()} as="clock" />
        </Note>
      )}
      <div className={style.fresh} role="status">
        {fresh > 0 ? (
          <Button variant="default" size="xs" onClick={show}>
            {t('fresh', { count: fresh })}
          </Button>
        ) : (
          stream.live && <StateBadge look="active">{t('live')}</StateBadge>
        )}
      </div>
      <DataTable
        label={t('title')}
        {...events}
        columns={columns}
        rowKey={({ id }) => id}
        rowLink={({ id }) => `/events/${id}`}
        empty={
          any ? (
            <Empty
              title={t('common:filter.nothing')}
              action={
                <Button variant="default" onClick={clear}>
                  {t('common:filter.clear')}
                </Button>
              }
            >
              {t('common:filter.nothingText')}
            </Empty>
          ) : (
            <Empty title={t('none')}>{t('noneText')}</Empty>
          )
        }
      />
    </Page>
  )
}

export const deviceName = ({ type, platform, browser }: Event['device'], unknown: string): string =>
  [browser, platform].filter((part) => part && part !== 'unknown').join(', ') || (type !== 'unknown' ? type : unknown)

/** Whether a live event belongs in the list that is shown: the same question that the server answers for the list. */
const fitsFilter = (
  event: Event,
  { type, outcome, userId, country, codeId, sessionId, address }: Partial<Record<(typeof keys)[number], string>>,
): boolean =>
  (!type || type.split(',').some((each) => (each.endsWith('.') ? event.type.startsWith(each) : event.type === each))) &&
  (!outcome || event.outcome === outcome) &&
  (!userId || event.actor.id === userId || event.subject?.id === userId) &&
  (!country || event.place?.country === country.toUpperCase()) &&
  (!codeId || event.codeId === codeId) &&
  (!sessionId || event.sessionId === sessionId) &&
  (!address || event.address === address)
