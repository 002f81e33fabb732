import type { In } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { fromId } from '../../platform/ids.ts'
import { invalid, Refusal } from '../../platform/refusal.ts'
import { byOf, endOpenEnrolments, issue, type Prepared, prepareCode, revokeCodes } from '../codes/index.ts'
import { type ActDeps, act, EventDraft } from '../events/index.ts'
import { codeLetter } from '../letters/index.ts'
import { requireEnrolment, requireFresh, stepUpRequired } from '../policies/index.ts'
import { lockPerson, manageable, ownerIsLeft } from '../users/index.ts'

/** Minutes that a code on screen, and the first operator's, is good for. */
const onScreenMinutes = 10
const byLetterMinutes = 14 * 24 * 60
const bootstrapMinutes = 30

/** A code for a person, never for one with more rights. A new one ends those before it, claimed or not: one open code a person. */
export const enrolUser = async (deps: ActDeps & { origin: string }, actor: Actor, input: In<typeof contract.enrolUser>) => {
  const prepared = await prepareCode(deps, input.symbols)
  return act(deps, actor, { type: 'code.issued', endpoint: contract.enrolUser }, async (tx, event) => {
    const { code, issuer, name } = await enrol(deps, tx, actor, event, input, prepared)
    if (input.deliver !== 'letter') return { code }
    const letter = await codeLetter(input.language ?? 'en', { issuer, name, ...code, factor: input.factor })
    return { code: { ...code, letterPdf: letter.toString('base64') } }
  })
}
/** The same in the caller's transaction, for who has just made the person. */
export const enrol = async (
  deps: ActDeps & { origin: string },
  tx: Tx,
  actor: Actor,
  event: EventDraft,
  input: In<typeof contract.enrolUser>,
  prepared?: Prepared,
) => {
  const id = fromId(input.id)
  await lockPerson(tx, id)
  const user = await manageable(tx, actor, id)
  event.about({ subject: { kind: 'user', id, name: user.username } })
  if (user.state !== 'active')
    throw new Refusal('conflict', `the person is ${user.state}`, {
      detail: `This person is ${user.state}. Only an active person can enrol.`,
    })
  const { issuer } = await requireEnrolment(tx)
  if (input.deliver === 'email') throw invalid('deliver', 'this version sends no mail yet: choose none or letter', 'choice')
  if (input.resetPassword) requireMayReset(actor)
  const notBefore = input.notBefore ? new Date(input.notBefore) : undefined
  if (notBefore && notBefore.getTime() > Date.now() + 366 * 86_400_000) throw invalid('notBefore', 'within a year')
  await endOpenEnrolments(tx, id, byOf(actor))
  const wanted = {
    kind: kindOf(input.factor),
    userId: id,
    ownerId: actor.kind === 'user' ? actor.id : null,
    issuedBy: actor.kind === 'host' || actor.kind === 'token' ? actor.name : null,
    resetPassword: input.resetPassword ?? false,
    label: user.username,
    ...(notBefore ? { notBefore } : {}),
    ...(input.deliver === 'letter' ? { deliver: 'letter' as const } : {}),
    expiresInMinutes: input.expiresInMinutes ?? (input.deliver === 'letter' ? byLetterMinutes : onScreenMinutes),
  }
  const code = await issue(deps, tx, event, wanted, prepared)
  if (input.resetPassword) event.about({ detail: { resetPassword: 'yes' } })
  return { code, issuer, name: user.displayName || user.username }
}
export const kindOf = (factor: contract.EnrolFactor = 'totp') =>
  factor === 'device' ? ('enrol-device' as const) : ('enrol-totp' as const)
/** Choosing a password for somebody is as much as being them: a person who has just authenticated, or the host. */
const requireMayReset = (actor: Actor): void => {
  if (actor.kind === 'token' && !actor.scopes.includes('operator'))
    throw new Refusal('not-allowed', 'scope enrolment does not reach resetPassword')
  if (actor.kind === 'token') throw stepUpRequired('resetPassword asks for a person who has just authenticated')
  requireFresh(actor, 'resetPassword asks for fresh authentication')
}

/**
 * The link that enrols an operator: the first becomes owner (and ends the links before), a later one operator. An event.
 * `claimed`: also a link before that somebody has claimed and not confirmed. Who asks for a link means that one to die; a start
 * that prints one unasked does not, for it may fall into the midst of the first set-up.
 */
export const issueBootstrap = async (
  deps: ActDeps & { origin: string },
  actor: Actor,
  { username, claimed = false }: { username?: string | undefined; claimed?: boolean } = {},
): Promise<{ url: string; expiresAt: string; role: 'owner' | 'operator' }> => {
  const issued = await deps.db.transaction().execute(async (tx) => {
    const role = (await ownerIsLeft(tx)) ? ('operator' as const) : ('owner' as const)
    if (role === 'owner') await revokeCodes(tx, { bootstrap: 'owner', claimed }, byOf(actor))
    const event = new EventDraft(actor, 'bootstrap.issued', { detail: { role } })
    const code = await issue(deps, tx, event, {
      kind: 'enrol-totp',
      userId: null,
      ownerId: null,
      issuedBy: actor.kind === 'host' ? actor.name : 'host',
      bootstrap: role,
      ...(username ? { suggestedUsername: username } : {}),
      label: role === 'owner' ? 'first operator' : 'operator',
      expiresInMinutes: bootstrapMinutes,
    })
    await deps.events.append(tx, event)
    return { url: code.url, expiresAt: code.expiresAt, role }
  })
  deps.events.onAppended()
  return issued
}
