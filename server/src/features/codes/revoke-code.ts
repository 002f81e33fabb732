import type { In } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import { fromId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { act } from '../events/index.ts'
import { lockPerson } from '../users/index.ts'
import type { CodesDeps } from './codes.ts'
import { authenticates } from './codes-life.ts'
import { readCode } from './codes-read.ts'
import { byOf, revokeCodes, successorsOf } from './codes-store.ts'
import { about, leadsOn, requireMayManage } from './manage-code.ts'

/**
 * R20: after the answer no process accepts the code, ever again. A second revoke gets the same answer. A link that was issued
 * again is revoked already, and its printed symbol leads on: that ends with the code that took its place.
 */
export const revokeCode = (deps: CodesDeps, actor: Actor, input: In<typeof contract.revokeCode>) =>
  act(deps, actor, { type: 'code.revoked', endpoint: contract.revokeCode }, async (tx, event) => {
    const id = fromId(input.id)
    const code = await readCode(tx, deps.origin, id)
    if (!code) throw new Refusal('not-found')
    event.about({ codeId: id, ...about(code), reason: input.reason, detail: { also: input.also ?? [] } })
    await requireMayManage(tx, actor, code)
    if (code.user) await lockPerson(tx, fromId(code.user.id))
    const factors =
      input.also?.includes('results') && authenticates(code.kind)
        ? await deps.claimHandlers[code.kind].endResults(tx, id, byOf(actor))
        : undefined
    if (factors) event.about({ detail: { factors } })
    const [revoked] = await revokeCodes(tx, { ids: [id] }, byOf(actor))
    const successor = revoked ? undefined : (await successorsOf(tx, [id])).get(id)
    if (successor) throw new Refusal('conflict', `re-issued as ${successor}`, { detail: leadsOn(successor) })
    event.changesNothing = !revoked && !factors?.length
    // of two who revoke at once the second changed nothing, and answers what the first did
    const revokedAt = revoked?.revokedAt.toISOString() ?? (await readCode(tx, deps.origin, id))?.revokedAt
    return { id: code.id, state: 'revoked' as const, revokedAt: revokedAt as string }
  })
