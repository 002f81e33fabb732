import { useTranslation } from 'react-i18next'
import { localeOf } from '../../ui/locale.ts'
import { countryName } from '../../ui/places.ts'
import type { Ranked } from '../../ui/RankedBars.tsx'
import type { Look } from '../../ui/StateBadge.tsx'

const looks: Record<string, Look> = { revoked: 'revoked', expired: 'expired', 'not-yet-valid': 'waiting', 'used-up': 'used' }

/** How what is counted of scans is written. */
export const useScanWords = () => {
  const { t, i18n } = useTranslation(['scans', 'events', 'common'])
  const word = (key: string, otherwise: string): string => (i18n.exists(key) ? t(key as 'scans:title') : otherwise)
  return {
    number: (n: number): string => n.toLocaleString(localeOf(i18n.language)),
    /** What browsers say of themselves has no translation. */
    known: (value: string): string => (value === '' || value === 'unknown' ? t('scans:other') : value),
    place: (country: string, city: string): string =>
      [city, countryName(country, i18n.language)].filter(Boolean).join(', ') || t('common:notKnown'),
    outcome: (outcome: string): string => word(`scans:outcomes.${outcome}`, outcome),
    /** What an opening came to: it led on, or found the page that says why not. */
    look: (outcome: string): Look => looks[outcome] ?? 'success',
    changed: (field: string): string => word(`scans:changed.${field}`, field),
    deviceType: (type: string): string => word(`events:deviceTypes.${type}`, t('scans:other')),
    /** The first of a ranked list, and the rest as one. */
    first: (items: readonly Ranked[], most: number): Ranked[] => {
      const rest = items.slice(most).reduce((sum, { n }) => sum + n, 0)
      return [...items.slice(0, most), ...(rest > 0 ? [{ key: 'rest', name: t('scans:other'), n: rest }] : [])]
    },
  }
}
