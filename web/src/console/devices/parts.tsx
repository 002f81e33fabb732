import type { Device } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { countryName } from '../../ui/places.ts'
import { TimeText } from '../../ui/TimeText.tsx'

/** Whether its passkey can leave it: a word, never more than a word. */
export const KeptWord = ({ of: { synced, backedUp } }: { of: Pick<Device, 'synced' | 'backedUp'> }) => {
  const { t } = useTranslation('devices')
  return (
    <span title={t(synced ? 'syncedTitle' : 'heldTitle')}>
      {t(synced ? 'synced' : 'held')}
      {backedUp && `, ${t('backedUp')}`}
    </span>
  )
}
/** When it was used last, and from where. */
export const LastUsed = ({
  of: { lastUsedAt, lastCountry, lastCity },
}: {
  of: Pick<Device, 'lastUsedAt' | 'lastCountry' | 'lastCity'>
}) => {
  const { t, i18n } = useTranslation('devices')
  if (!lastUsedAt) return <span className="t3">{t('never')}</span>
  const place = [lastCity, countryName(lastCountry, i18n.language)].filter(Boolean).join(', ')
  return (
    <>
      <TimeText at={lastUsedAt} as="moment" />
      {place && (
        <>
          {' '}
          <span className="nowrap">{t('from', { place })}</span>
        </>
      )}
    </>
  )
}
/** The same where it stands under no heading. */
export const LastUsedInWords = ({ of }: { of: Pick<Device, 'lastUsedAt' | 'lastCountry' | 'lastCity'> }) => {
  const { t } = useTranslation('devices')
  if (!of.lastUsedAt) return t('unused')
  return (
    <>
      {t('lastUsed')} <LastUsed of={of} />
    </>
  )
}
/** When it was registered, and by which code where one did it. */
export const Since = ({ of: { createdAt, codeId } }: { of: Pick<Device, 'createdAt' | 'codeId'> }) => {
  const { t } = useTranslation('devices')
  return (
    <>
      <TimeText at={createdAt} as="moment" />
      {codeId && (
        <>
          {' '}
          <Link to="/codes/$id" params={{ id: codeId }} className="nowrap">
            {t('byCode')}
          </Link>
        </>
      )}
    </>
  )
}
