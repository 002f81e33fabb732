import type { Code, Destination, In } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { fromId } from '../../platform/ids.ts'
import { invalid, Refusal } from '../../platform/refusal.ts'
import { act, type EventDraft } from '../events/index.ts'
import { codeLetter } from '../letters/index.ts'
import { readAuthenticationSettings } from '../policies/index.ts'
import { lockPerson } from '../users/index.ts'
import { type CodesDeps, issue, type Prepared, prepareCode } from './codes.ts'
import { type AuthenticatingKind, authenticates, kinds } from './codes-life.ts'
import { readCode } from './codes-read.ts'
import { byOf, endOpenEnrolments, insertOpenCode, revokeCodes } from './codes-store.ts'
import { about, requireDestination, requireMayManage, requireTakes, requireTimes } from './manage-code.ts'

/** A new code in place of one, which is revoked in the same transaction (R26). */
export const reissueCode = async (deps: CodesDeps, actor: Actor, input: In<typeof contract.reissueCode>) => {
  const before = input.symbols?.length ? await readCode(deps.db, deps.origin, fromId(input.id)) : undefined
  const prepared =
    before &&
    (await prepareCode(deps, input.symbols, {
      authenticates: authenticates(before.kind),
      brandId: before.brand && fromId(before.brand.id),
    }))
  return act(deps, actor, { type: 'code.reissued', endpoint: contract.reissueCode }, (tx, event) =>
    reissue(deps, tx, actor, event, input, prepared),
  )
}

const reissue = async (
  deps: CodesDeps,
  tx: Tx,
  actor: Actor,
  event: EventDraft,
  input: In<typeof contract.reissueCode>,
  prepared: Prepared | undefined,
): Promise<{ code: Code } & Shown> => {
  const id = fromId(input.id)
  const old = await readCode(tx, deps.origin, id)
  if (!old) throw new Refusal('not-found')
  event.about({ codeId: id, ...about(old) })
  await requireMayManage(tx, actor, old)
  if (old.user) await lockPerson(tx, fromId(old.user.id))
  const { kind } = old
  if (kinds[kind].reissue === 'never')
    throw new Refusal('conflict', `${kind} codes are not re-issued`, {
      detail:
        kinds[kind].symbol === 'moving'
          ? 'A moving code cannot be issued again: the screen that shows it asks for its next one.'
          : 'A static code cannot be issued again: its symbol is the content itself. Make a new one.',
    })
  if (old.replacedBy) throw replacedAlready(old.replacedBy)
  requireTakes(old, 'reissue')
  const made =
    kind === 'link'
      ? { id: await newLink(deps, tx, actor, old, input, prepared), shown: {} }
      : await newSecret(deps, tx, actor, event, old, input, prepared)
  await takePlace(tx, old, id, made.id, actor)
  event.about({ codeId: made.id, detail: { replaces: old.id } })
  return {
    code: (await readCode(tx, deps.origin, made.id)) as Code,
    ...made.shown,
    ...(prepared ? { symbols: prepared.files } : {}),
  }
}
type Shown = { url?: string; symbolSvg?: string; activation?: string; letterPdf?: string }
const newLink = async (
  deps: CodesDeps,
  tx: Tx,
  actor: Actor,
  old: Code,
  input: In<typeof contract.reissueCode>,
  prepared: Prepared | undefined,
): Promise<string> => {
  if (input.expiresInMinutes !== undefined) throw invalid('expiresInMinutes', 'a link code takes expiresAt')
  const destination = input.destination ?? (old.destination as Destination)
  await requireDestination(deps, tx, 'link', destination)
  const { notBefore, expiresAt: kept } = await termsLeft(tx, fromId(old.id))
  const { expiresAt: asked } = input
  const expiresAt = asked === undefined ? kept : asked === null ? null : new Date(asked)
  await requireTimes(tx, notBefore, expiresAt)
  return insertOpenCode(
    tx,
    {
      id: prepared?.id,
      kind: 'link',
      label: old.label,
      destination,
      expiresAt,
      notBefore,
      scanLimit: old.scanLimit,
      brandId: old.brand ? fromId(old.brand.id) : null,
      ownerId: old.owner ? fromId(old.owner.id) : null,
      issuedBy: byOf(actor).byName,
    },
    byOf(actor),
  )
}
const newSecret = async (
  deps: CodesDeps,
  tx: Tx,
  actor: Actor,
  event: EventDraft,
  old: Code,
  input: In<typeof contract.reissueCode>,
  prepared: Prepared | undefined,
): Promise<{ id: string; shown: Shown }> => {
  for (const field of ['destination', 'expiresAt'] as const)
    if (input[field] !== undefined) throw invalid(field, `a code of kind ${old.kind} takes expiresInMinutes`)
  if (!old.user || old.bootstrap)
    throw new Refusal('conflict', 'a bootstrap code', {
      detail: 'A link for a new operator is printed on the host: postern bootstrap.',
    })
  const userId = fromId(old.user.id)
  const settings = await deps.claimHandlers[old.kind as AuthenticatingKind].issuable(tx, userId)
  const lasted = Math.round(
    (Date.parse(old.expiresAt as string) - Math.max(Date.parse(old.createdAt), Date.parse(old.notBefore ?? old.createdAt))) /
      60_000,
  )
  const { notBefore } = await termsLeft(tx, fromId(old.id))
  const byLetter = old.deliver === 'letter'
  const made = {
    kind: old.kind as AuthenticatingKind,
    userId,
    ownerId: actor.kind === 'user' ? actor.id : null,
    issuedBy: byOf(actor).byName,
    // who may reset a password is asked where that is granted, and never by a re-issue
    resetPassword: false,
    // what went by letter goes by letter again, with a number of its own
    ...(byLetter ? { deliver: 'letter' as const } : {}),
    label: settings.label,
    ...(notBefore ? { notBefore } : {}),
    expiresInMinutes: input.expiresInMinutes ?? Math.min(Math.max(lasted, 1), 20_160),
  }
  await endOpenEnrolments(tx, userId, byOf(actor))
  const code = await issue(deps, tx, event, made, prepared)
  const { id, expiresAt: _, ...shown } = code
  if (!byLetter) return { id: fromId(id), shown }
  const { issuer } = await readAuthenticationSettings(tx)
  const letter = await codeLetter(input.language ?? 'en', {
    issuer,
    name: old.user.username,
    ...code,
    factor: old.kind === 'enrol-device' ? 'device' : 'totp',
  })
  return { id: fromId(id), shown: { ...shown, letterPdf: letter.toString('base64') } }
}
/** What is left of a code's terms, by the database's clock: a start that has not come, an end that is not over. */
const termsLeft = async (tx: Tx, id: string): Promise<{ notBefore: Date | null; expiresAt: Date | null }> => {
  const { rows } = await sql<{ notBefore: Date | null; expiresAt: Date | null }>`select
    case when not_before > now() then not_before end as "notBefore",
    case when expires_at > now() then nullif(expires_at, 'infinity') end as "expiresAt" from code where id = ${id}`.execute(tx)
  return rows[0] as { notBefore: Date | null; expiresAt: Date | null }
}
/** Revokes what is replaced; what was replaced by it before now leads to the new one too, so that one step is enough. */
const takePlace = async (tx: Tx, old: Code, id: string, by: string, actor: Actor): Promise<void> => {
  const [revoked] = await revokeCodes(tx, { ids: [id], replacedBy: by, unclaimed: true }, byOf(actor))
  if (!revoked) {
    const marked = await tx
      .updateTable('code')
      .set({ replacedBy: by })
      .where('id', '=', id)
      .where('revokedAt', 'is not', null)
      .where('replacedBy', 'is', null)
      .where('claimedAt', 'is', null)
      .returning('id')
      .executeTakeFirst()
    if (!marked) throw new Refusal(old.usedAt ? 'code-used' : 'conflict', 'claimed or replaced meanwhile')
  }
  await tx.updateTable('code').set({ replacedBy: by }).where('replacedBy', '=', id).where('kind', '=', 'link').execute()
}

const replacedAlready = (by: string): Refusal =>
  new Refusal('conflict', `re-issued as ${by}`, { detail: `This code was issued again already, as ${by}.` })
