import { Button, Menu } from '@mantine/core'
import { type ScanAnalytics, scanAnalytics } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { BarChart } from '../../ui/BarChart.tsx'
import { useUrlFilters } from '../../ui/FilterChips.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { IconChevronDown } from '../../ui/icons.ts'
import { Loading } from '../../ui/Loading.tsx'
import { localeOf } from '../../ui/locale.ts'
import { Section } from '../../ui/Page.tsx'
import { usePreferences } from '../../ui/preferences.ts'
import { RankedBars } from '../../ui/RankedBars.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { dayAndMinute, dayOf, minuteOf } from '../../ui/times.ts'
import { useCall } from '../calls.ts'
import style from './Scans.module.css'
import { useScanWords } from './scan-words.ts'

const spans = ['-1h', '-24h', '-7d', '-30d', '-90d', '-365d'] as const
type Span = (typeof spans)[number]
/** What a row of a ranked list narrows the single scans to. All of it, and the period, stands in the address. */
export const narrowed = ['place', 'system', 'browser', 'outcome', 'by'] as const
export type Narrowing = Partial<Record<(typeof narrowed)[number], string>>
const shownRanks = 5

/**
 * People over time with previews apart, where from, with what, and what came of it: of one code, or of all. Where single scans
 * stand below, a row narrows them.
 */
export const ScanCounts = ({
  code,
  values = {},
  narrow,
}: {
  code?: string
  values?: Narrowing
  narrow?: (change: Narrowing) => void
}) => {
  const { t } = useTranslation('scans')
  const { utc } = usePreferences()
  const { values: chosen, set } = useUrlFilters(['scans'])
  const from = spans.find((span) => span === chosen.scans) ?? '-30d'
  const zone = utc ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone
  const { data, error, refetch } = useCall(scanAnalytics, { ...(code ? { code } : {}), from, zone }, { everyMs: 15_000 })
  const words = useScanWords()
  return (
    <Section
      title={t(code ? 'title' : 'ofAll')}
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

const Counts = ({
  counts,
  values,
  narrow,
}: {
  counts: ScanAnalytics
  values: Narrowing
  narrow: ((change: Narrowing) => void) | undefined
}) => {
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
    return narrow ? { open: values[which] === value, onOpen: () => narrow({ [which]: value }) } : {}
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
