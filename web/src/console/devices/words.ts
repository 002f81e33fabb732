import type { Device } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import type { Look } from '../../ui/StateBadge.tsx'

export const deviceLook: Record<Device['state'], Look> = { active: 'active', lost: 'denied', revoked: 'revoked' }

/** "Chrome, Android": what registered it. */
export const useSystemOf = () => {
  const { t } = useTranslation()
  return ({ browser, platform }: Pick<Device, 'browser' | 'platform'>): string =>
    [browser, platform].filter((part) => part && part !== 'unknown').join(', ') || t('notKnown')
}
