import type * as contract from '@postern/contract'
import type { Out } from '@postern/contract'
import { sql } from 'kysely'
import { uuid7 } from '../../platform/ids.ts'
import { invalid, Refusal } from '../../platform/refusal.ts'
import { type ClaimHandler, findRepeatable, isClaimer } from '../codes/index.ts'
import type { PasskeyDeps } from '../devices/index.ts'
import { requireEnrolment } from '../policies/index.ts'
import { findUser, insertUser } from '../users/index.ts'
import { confirmNeeds } from './confirm-needs.ts'
import { endResults } from './end-results.ts'
import { claimRegistration } from './enrol-device.ts'
import { claimKey, repeatedKey } from './enrol-totp.ts'

/** What `enrol-totp` and `enrol-device` mean: one way, but for the factor that the claim makes ready. */
export const enrolHandler = (deps: PasskeyDeps): ClaimHandler => ({
  needs: async (tx, code) => (code.bootstrap ? ['username', 'factor', 'password'] : confirmNeeds(tx, code)),
  require: (input, code) => {
    if (code.bootstrap && !input.username) throw invalid('username', 'choose a user name', 'required')
  },
  claimed: async (tx, { code, input, key }, event) => {
    const userId = code.userId ?? uuid7()
    const person = await findUser(tx, userId)
    if (code.bootstrap) {
      const username = input.username ?? ''
      if (!(await insertUser(tx, { id: userId, username, displayName: '', email: null, state: 'pending' })))
        throw new Refusal('conflict', 'user name taken', {
          detail: 'This user name is taken.',
          errors: [{ path: 'username', message: 'taken', code: 'taken' }],
        })
      await deps.events.people.create(tx, userId)
      await sql`update code set user_id = ${userId} where id = ${code.id}`.execute(tx)
      event.about({ subject: { kind: 'user', id: userId, name: username } })
    }
    const claim = {
      codeId: code.id,
      userId,
      username: person?.username ?? input.username ?? '',
      displayName: person?.displayName ?? '',
      resetPassword: code.resetPassword,
      key,
    }
    // a link for an operator leaves the factor to them
    const device = code.bootstrap ? input.factor === 'device' : code.kind === 'enrol-device'
    event.about({ factor: device ? 'passkey' : 'totp' })
    return device ? claimRegistration(deps, tx, claim) : claimKey(deps, tx, claim)
  },
  repeated: async (tx, codeId, key) => {
    const claim = await findRepeatable(tx, deps.keys, codeId, key)
    if (!claim) return undefined
    const answer = claim.totpId
      ? await repeatedKey(deps, tx, codeId, claim)
      : { ...(claim.answer as Out<typeof contract.claimCode>), confirm: claim.confirm }
    return answer && { answer, claimToken: claim.claimToken }
  },
  issuable: async (tx, userId) => {
    const user = await findUser(tx, userId)
    if (user?.state !== 'active')
      throw new Refusal('conflict', `the person is ${user?.state ?? 'gone'}`, {
        detail: `This person is ${user?.state ?? 'gone'}. Only an active person can enrol.`,
      })
    await requireEnrolment(tx)
    return { label: user.username }
  },
  isClaimer: async (tx, codeId, claimToken) => claimToken !== undefined && (await isClaimer(tx, deps.keys, codeId, claimToken)),
  endResults,
})
