import { Button, Menu } from '@mantine/core'
import { type Code, listScans, type Out, type ScanAnalytics, scanAnalytics } from '@postern/contract'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { BarChart } from '../../ui/BarChart.tsx'
import { Bleed } from '../../ui/Columns.tsx'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { FilterChips, useUrlFilters } from '../../ui/FilterChips.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { IconChevronDown } from '../../ui/icons.ts'
import { Loading } from '../../ui/Loading.tsx'
import { localeOf } from '../../ui/locale.ts'
import { Section } from '../../ui/Page.tsx'
import { usePreferences } from '../../ui/preferences.ts'
import { RankedBars } from '../../ui/RankedBars.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { dayAndMinute, dayOf, minuteOf } from '../../ui/times.ts'
import { useCall, useList } from '../calls.ts'
import { useEventWords } from '../events/words.ts'
import style from './Scans.module.css'
import { useScanWords } from './scan-words.ts'
import { authenticates } from './words.ts'

type Scan = Out<typeof listScans>['items'][number]
const spans = ['-1h', '-24h', '-7d', '-30d', '-90d', '-365d'] as const
type Span = (typeof spans)[number]
/** What a row of a ranked list narrows the single scans to. All of it, and the period, stands in the address. */
const narrowed = ['place', 'system', 'browser', 'outcome', 'by'] as const
const shownRanks = 5
const shownScans = 12

/** Who opened a code: people over time with previews apart, where from, with what, what came of it, and the latest one by one. */
export const Scans = ({ code }: { code: Code }) => {
  const { id } = code
  const { t } = useTranslation('scans')
  const { utc } = usePreferences()
  const { values, set } = useUrlFilters(['scans', ...narrowed])
  const from = spans.find((span) => span === values.scans) ?? '-30d'
  const zone = utc ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone
  const { data, error, refetch } = useCall(scanAnalytics, { code: id, from, zone }, { everyMs: 15_000 })
  const latest = useRef<HTMLDivElement>(null)
  const words = useScanWords()
  const narrow = (change: Partial<Record<(typeof narrowed)[number], string>>) => {
    void set({ place: undefined, system: undefined, browser: undefined, outcome: undefined, by: undefined, ...change })
    latest.current?.scrollIntoView({ block: 'nearest' })
  }
  return (
    <>
      <Section
        title={t('title')}
        aside={
          <>
            {data && (
              <span className={style.legend}>
                <span>
                  <i className={style.people} /> {t('people')} {words.number(data.people)}
                </span>
                <span>
                  <i className={style.previews} /> {t('previews')} {words.number(data.previews)}
                </span>
              </span>
            )}
            <Period span={from} onChange={(span) => void set({ scans: span === '-30d' ? undefined : span })} />
          </>
        }
      >
        {data ? (
          <Counts counts={data} values={values} narrow={narrow} />
        ) : error ? (
          <Refused error={error} onRetry={() => void refetch()} />
        ) : (
          <Loading lines={8} />
        )}
      </Section>
      <div ref={latest}>
        <Latest code={code} values={values} onClear={() => narrow({})} />
      </div>
    </>
  )
}

const Period = ({ span, onChange }: { span: Span; onChange: (span: Span) => void }) => {
  const { t } = useTranslation('scans')
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="default"
          size="compact-sm"
          className={style.period}
          rightSection={<Icon of={IconChevronDown} />}
          aria-label={`${t('period')}: ${t(`span.${span}`)}`}
        >
          {t(`span.${span}`)}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {spans.map((each) => (
          <Menu.Item key={each} aria-current={each === span} onClick={() => onChange(each)}>
            {t(`span.${each}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

type Values = Partial<Record<(typeof narrowed)[number], string>>
type Narrow = (change: Values) => void

const Counts = ({ counts, values, narrow }: { counts: ScanAnalytics; values: Values; narrow: Narrow }) => {
  const { t, i18n } = useTranslation('scans')
  const { utc } = usePreferences()
  const words = useScanWords()
  const writing = { locale: localeOf(i18n.language), utc }
  const { grain, series } = counts
  const timeOf = (at: string) => (grain === 'day' ? dayOf(at, writing) : dayAndMinute(at, writing))
  const barOf = (at: string) => series.findLastIndex((cell) => cell.at <= at)
  const places = counts.places.map(({ country, city, people }) => {
    const key = city ? `${country}/${city}` : country
    return { key, name: words.place(country, city), n: people, ...(country ? opens('place', key) : {}) }
  })
  function opens(which: (typeof narrowed)[number], value: string) {
    return { open: values[which] === value, onOpen: () => narrow({ [which]: value }) }
  }
  const named = (
    rows: readonly { value: string; people: number }[],
    which: 'system' | 'browser' | 'outcome',
    name: (value: string) => string,
  ) => rows.map(({ value, people }) => ({ key: value, name: name(value), n: people, ...opens(which, value) }))
  const outcomes = [
    ...named(counts.outcomes, 'outcome', words.outcome),
    ...(counts.previews > 0 ? [{ key: 'preview', name: t('preview'), n: counts.previews, ...opens('by', 'previews') }] : []),
  ]
  const lists = [
    { title: t('place'), items: words.first(places, shownRanks) },
    { title: t('system'), items: words.first(named(counts.platforms, 'system', words.known), shownRanks) },
    { title: t('outcome'), items: outcomes },
    { title: t('browser'), items: words.first(named(counts.browsers, 'browser', words.known), shownRanks) },
    {
      title: t('device'),
      items: counts.deviceTypes.map(({ value, people }) => ({ key: value, name: words.deviceType(value), n: people })),
    },
    {
      title: t('bots'),
      items: words.first(
        counts.previewers.map(({ value, previews }) => ({ key: value, name: words.known(value), n: previews })),
        shownRanks,
      ),
    },
  ]
  return (
    <>
      <BarChart
        label={t(`grain.${grain}`)}
        columns={{ time: t('time'), filled: t('people'), hollow: t('previews'), marks: t('changes') }}
        number={words.number}
        bars={series.map(({ at, people, previews }) => ({
          key: at,
          title: timeOf(at),
          tick: grain === 'day' ? dayOf(at, writing) : minuteOf(at, writing),
          filled: people,
          hollow: previews,
        }))}
        marks={counts.versions.map(({ version, at, changed }) => ({
          key: `${version}`,
          bar: barOf(at),
          label: t('version', { version, what: changed.map(words.changed).join(', ') }),
        }))}
      />
      {counts.people + counts.previews === 0 && <p className="t2">{t('nobody')}</p>}
      <div className={style.ranks}>
        {lists
          .filter(({ items }) => items.length > 0)
          .map(({ title, items }) => (
            <RankedBars key={title} title={title} items={items} number={words.number} />
          ))}
      </div>
    </>
  )
}

const Latest = ({ code, values, onClear }: { code: Code; values: Values; onClear: () => void }) => {
  const { t } = useTranslation('scans')
  const words = useScanWords()
  const events = useEventWords()
  const [country, city] = (values.place ?? '').split('/')
  const filter = {
    ...(country ? { country } : {}),
    ...(city ? { city } : {}),
    ...(values.system ? { platform: values.system } : {}),
    ...(values.browser ? { browser: values.browser } : {}),
    ...(values.outcome ? { outcome: values.outcome } : {}),
    ...(values.by === 'previews'
      ? { by: 'previews' as const }
      : Object.keys(values).some((key) => key !== 'scans')
        ? { by: 'people' as const }
        : {}),
  }
  const { rows, ...scans } = useList(listScans, { id: code.id, limit: shownScans, ...filter }, { everyMs: 15_000 })
  const device = (scan: Scan) => ({ id: null, type: scan.deviceType, platform: scan.platform, browser: scan.browser })
  const chips = [
    { key: 'place', label: t('place'), value: values.place, name: words.place(country ?? '', city ?? '') },
    { key: 'system', label: t('system'), value: values.system, name: words.known(values.system ?? '') },
    { key: 'browser', label: t('browser'), value: values.browser, name: words.known(values.browser ?? '') },
    { key: 'outcome', label: t('outcome'), value: values.outcome, name: words.outcome(values.outcome ?? '') },
    { key: 'by', label: t('by'), value: values.by, name: t('previews') },
  ].filter(({ value }) => value !== undefined)
  const addresses = rows?.some(({ address }) => address !== null)
  const columns: Column<Scan>[] = [
    {
      key: 'time',
      title: t('time'),
      narrow: 'first',
      cell: ({ time, count }) => (
        <>
          <TimeText at={time} as="clock" />
          {count > 1 && <span className="t2"> {t('times', { count })}</span>}
        </>
      ),
    },
    { key: 'place', title: t('place'), narrow: 'second', cell: (scan) => words.place(scan.country, scan.city) },
    ...(addresses
      ? [
          {
            key: 'address',
            title: t('address'),
            narrow: 'none' as const,
            cell: ({ address }: Scan) => address && <span className="mono">{address}</span>,
          },
        ]
      : []),
    {
      key: 'device',
      title: t('device'),
      narrow: 'second',
      cell: (scan) => <span className="t2">{scan.bot ? t('previews') : words.deviceType(scan.deviceType)}</span>,
    },
    {
      key: 'browser',
      title: t('browser'),
      narrow: 'second',
      cell: (scan) => <span className="t2">{events.device(device(scan)) || t('other')}</span>,
    },
    {
      key: 'outcome',
      title: t('outcome'),
      narrow: 'first',
      cell: ({ bot, outcome }) => (
        <StateBadge look={bot ? 'plain' : words.look(outcome)}>{bot ? t('preview') : words.outcome(outcome)}</StateBadge>
      ),
    },
  ]
  return (
    <Section
      title={t('latest')}
      aside={
        chips.length > 0 && (
          <FilterChips
            filters={chips.map(({ key, label, value, name }) => ({
              key,
              label,
              options: [{ value: value as string, label: name }],
            }))}
            values={values}
            onChange={onClear}
          />
        )
      }
    >
      <Bleed>
        <DataTable
          label={t('latest')}
          {...scans}
          rows={rows}
          columns={columns}
          rowKey={(scan) => scan.id}
          empty={<p className="t2">{t(chips.length > 0 ? 'noMatch' : authenticates(code.kind) ? 'none' : 'noneLink')}</p>}
        />
      </Bleed>
    </Section>
  )
}
