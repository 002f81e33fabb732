import type { CodeState } from '@postern/contract'
import type { Look } from '../../ui/StateBadge.tsx'

export const codeLook: Record<CodeState, Look> = {
  live: 'active',
  'not-yet-valid': 'waiting',
  used: 'used',
  'used-up': 'used',
  expired: 'expired',
  revoked: 'revoked',
}
