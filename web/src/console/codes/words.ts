import type { Code, CodeState } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import type { Look } from '../../ui/StateBadge.tsx'

export const codeLook: Record<CodeState, Look> = {
  live: 'active',
  'not-yet-valid': 'waiting',
  used: 'used',
  'used-up': 'used',
  expired: 'expired',
  revoked: 'revoked',
}

/** What a code is called: its kind as a deed, and for whom. */
export const useCodeName = () => {
  const { t } = useTranslation('codes')
  return ({ kind, label, user, bootstrap }: Pick<Code, 'kind' | 'label' | 'user' | 'bootstrap'>): string =>
    bootstrap ? t('kind.bootstrap') : t(`named.${kind}`, { name: user?.username ?? label })
}
