import type { Asker } from './approval-table.ts'

/**
 * Where a moving code was asked for, beside the event's own place, which is the phone's: whoever looks into an attempt needs both.
 * The address lies in the sealed part, where erasure reaches it (R50).
 */
export const askedFrom = (asker: Asker | undefined): { reason: string; detail: Record<string, string> } => {
  const { address, city, country } = asker ?? {}
  return {
    reason: `asked from ${[address, city, country].filter(Boolean).join(', ') || 'nowhere known'}`,
    detail: country ? { askedFrom: country } : {},
  }
}
