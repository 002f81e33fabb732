import type { CodeVersion, Destination, EditableField } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { localeOf } from '../../ui/locale.ts'
import { usePreferences } from '../../ui/preferences.ts'
import { dayAndMinute } from '../../ui/times.ts'

type Values = CodeVersion['values']

/** The fields of a code and what they hold, as words: for versions, and where two people changed one. */
export const useFieldWords = () => {
  const { t, i18n } = useTranslation(['codes', 'common'])
  const { utc } = usePreferences()
  const moment = (at: string | null, none: string) => (at ? dayAndMinute(at, { locale: localeOf(i18n.language), utc }) : none)
  const destination = (of: Destination | null): string => {
    if (!of) return t('common:none')
    if (of.type === 'url') return of.url
    if (of.type === 'text') return of.text
    return [of.ios && `iOS: ${of.ios}`, of.android && `Android: ${of.android}`, `${t('leads.otherwise')}: ${of.otherwise}`]
      .filter(Boolean)
      .join(', ')
  }
  const none = t('common:none')
  return {
    name: (field: EditableField): string => t(`field.${field}`),
    value: (field: EditableField, { ...of }: Pick<Values, keyof Values>): string =>
      ({
        label: () => of.label,
        destination: () => destination(of.destination),
        expiresAt: () => moment(of.expiresAt, t('never')),
        notBefore: () => moment(of.notBefore, t('field.atOnce')),
        scanLimit: () => (of.scanLimit === null ? none : new Intl.NumberFormat(i18n.language).format(of.scanLimit)),
        brand: () => of.brand?.name ?? t('field.defaultBrand'),
        owner: () => of.owner?.username ?? none,
      })[field](),
  }
}
