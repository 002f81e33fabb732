import { type Code, listScans, type Out } from '@postern/contract'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Bleed } from '../../ui/Columns.tsx'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { FilterChips, useUrlFilters } from '../../ui/FilterChips.tsx'
import { Section } from '../../ui/Page.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useList } from '../calls.ts'
import { useEventWords } from '../events/words.ts'
import { type Narrowing, narrowed, ScanCounts } from './ScanCounts.tsx'
import { useScanWords } from './scan-words.ts'
import { authenticates } from './words.ts'

type Scan = Out<typeof listScans>['items'][number]
const shownScans = 12

/** Who opened a code: the counts, and the latest one by one. */
export const Scans = ({ code }: { code: Code }) => {
  const { values, set } = useUrlFilters(narrowed)
  const latest = useRef<HTMLDivElement>(null)
  const narrow = (change: Narrowing) => {
    void set({ place: undefined, system: undefined, browser: undefined, outcome: undefined, by: undefined, ...change })
    latest.current?.scrollIntoView({ block: 'nearest' })
  }
  return (
    <>
      <ScanCounts code={code.id} values={values} narrow={narrow} />
      <div ref={latest}>
        <Latest code={code} values={values} onClear={() => narrow({})} />
      </div>
    </>
  )
}

const Latest = ({ code, values, onClear }: { code: Code; values: Narrowing; onClear: () => void }) => {
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
    ...(values.by === 'previews' ? { by: 'previews' as const } : Object.keys(values).length > 0 ? { by: 'people' as const } : {}),
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
