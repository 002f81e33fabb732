import { type Code, listScans, type Out } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Bleed } from '../../ui/Columns.tsx'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { Section } from '../../ui/Page.tsx'
import { countryName } from '../../ui/places.ts'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useList } from '../calls.ts'
import { useEventWords } from '../events/words.ts'
import { authenticates } from './words.ts'

type Scan = Out<typeof listScans>['items'][number]

/** Who opened a code. Previews and bots stand apart: they are no people, and are never counted as such. */
export const Scans = ({ code }: { code: Code }) => {
  const { t, i18n } = useTranslation(['codes', 'common'])
  const { id } = code
  const words = useEventWords()
  const { rows, ...scans } = useList(listScans, { id }, { everyMs: 15_000 })
  const people = rows?.filter(({ bot }) => !bot)
  const bots = rows?.filter(({ bot }) => bot) ?? []
  const device = (scan: Scan) => ({ id: null, type: scan.deviceType, platform: scan.platform, browser: scan.browser })
  const columns: Column<Scan>[] = [
    { key: 'time', title: t('opened'), narrow: 'first', cell: ({ time }) => <TimeText at={time} as="clock" /> },
    {
      key: 'from',
      title: t('place'),
      narrow: 'first',
      cell: ({ country }) => countryName(country, i18n.language) ?? t('common:notKnown'),
    },
    { key: 'type', title: t('device'), cell: (scan) => words.deviceType(device(scan)) },
    { key: 'browser', title: t('browser'), cell: (scan) => words.device(device(scan)) },
    // what authenticates is opened, and no more than that: its claim is an event
    ...(authenticates(code.kind)
      ? []
      : [{ key: 'outcome', title: t('outcome'), cell: (scan: Scan) => <Outcome of={scan.outcome} /> }]),
  ]
  const number = new Intl.NumberFormat(i18n.language)
  const counted = t('counted', { people: number.format(code.scans), previews: number.format(code.previews) })
  return (
    <>
      <Section
        title={t('scans')}
        aside={<span className="small t2">{code.scans + code.previews > 0 ? counted : t('scansText')}</span>}
      >
        <Bleed>
          <DataTable
            label={t('scans')}
            {...scans}
            rows={people}
            columns={columns}
            rowKey={(scan) => scan.id}
            empty={<p className="t2">{t(authenticates(code.kind) ? 'noScans' : 'noScansLink')}</p>}
          />
        </Bleed>
      </Section>
      {bots.length > 0 && (
        <Section title={t('previews')} aside={<span className="small t2">{t('previewsText')}</span>}>
          <Bleed>
            <DataTable
              label={t('previews')}
              rows={bots}
              columns={columns.filter(({ key }) => key !== 'type' && key !== 'outcome')}
              rowKey={(scan) => scan.id}
              empty={null}
            />
          </Bleed>
        </Section>
      )}
    </>
  )
}

const looks = {
  redirected: 'success',
  shown: 'success',
  revoked: 'revoked',
  expired: 'expired',
  'not-yet-valid': 'waiting',
  'used-up': 'used',
} as const
/** What an opening came to: it led on, or found the page that says why not. */
const Outcome = ({ of }: { of: string }) => {
  const { t } = useTranslation('codes')
  const known = of in looks ? (of as keyof typeof looks) : undefined
  return known ? <StateBadge look={looks[known]}>{t(`scanned.${known}`)}</StateBadge> : of
}
