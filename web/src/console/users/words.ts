import type { User } from '@postern/contract'
import type { Look } from '../../ui/StateBadge.tsx'

export const userLook: Record<User['state'], Look> = { active: 'active', suspended: 'denied', offboarded: 'expired' }
