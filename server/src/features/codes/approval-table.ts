import type { Generated } from 'kysely'

/** Channel on which a waiting screen hears of its request: the payload is the sign-in’s id. */
export const requestChannel = 'postern_requests'
/** Who asks, as the phone is shown it: from the call that drew the code. */
export type Asker = { browser: string; platform: string; address: string | null; country: string | null; city: string | null }
declare module '../../platform/db.ts' {
  interface Tables {
    /** A request that waits for a phone, beside its code and its sign-in. */
    approval: {
      codeId: string
      signInId: string
      state: Generated<'open' | 'claimed' | 'approved' | 'denied' | 'failed' | 'collected'>
      why: string | null
      match: number
      matchTries: Generated<number>
      asker: Asker
      askerKey: Buffer
      context: string | null
      contextHash: Buffer | null
      forUser: string | null
      near: string | null
      known: string | null
      read: string | null
      claimKey: Buffer | null
      deviceId: string | null
      userId: string | null
      scannedAt: Date | null
      decidedAt: Date | null
      expiresAt: Date
      epoch: number
      createdAt: Generated<Date>
    }
  }
}
