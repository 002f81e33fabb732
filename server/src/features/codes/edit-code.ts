import type { Code, EditableField, In } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { fromId, toId } from '../../platform/ids.ts'
import { invalid, Refusal } from '../../platform/refusal.ts'
import { changedMeanwhile } from '../../platform/versions.ts'
import { act, type EventDraft } from '../events/index.ts'
import type { CodesDeps } from './codes.ts'
import { authenticates, kinds } from './codes-life.ts'
import { readCode } from './codes-read.ts'
import { byOf, insertOpenCode, writeVersion } from './codes-store.ts'
import {
  about,
  describe,
  requireBrand,
  requireDestination,
  requireMayManage,
  requireOwner,
  requireTakes,
  requireTimes,
} from './manage-code.ts'

/** Issues a link or static code. Codes that authenticate are issued to a person, by the features that know what they open. */
export const createCode = (deps: CodesDeps, actor: Actor, input: In<typeof contract.createCode>): Promise<Code> =>
  act(deps, actor, { type: 'code.issued', endpoint: contract.createCode }, async (tx, event) => {
    event.about({ detail: { kind: input.kind, label: input.label } })
    if (input.kind === 'static')
      for (const field of ['expiresAt', 'notBefore', 'scanLimit'] as const)
        if (input[field] !== undefined)
          throw invalid(field, 'a static code has none: its symbol is the content itself. A link code takes it')
    await requireDestination(deps, tx, input.kind, input.destination)
    const fields = {
      expiresAt: input.expiresAt ? new Date(input.expiresAt) : null,
      notBefore: input.notBefore ? new Date(input.notBefore) : null,
    }
    await requireTimes(tx, fields.notBefore, fields.expiresAt)
    const own = actor.kind === 'user' ? actor.id : null
    const id = await insertOpenCode(
      tx,
      {
        kind: input.kind,
        label: input.label,
        destination: input.destination,
        ...fields,
        scanLimit: input.scanLimit ?? null,
        brandId: await requireBrand(tx, input.brand ?? null),
        ownerId: input.owner ? await requireOwner(tx, input.owner) : own,
        issuedBy: byOf(actor).byName,
      },
      byOf(actor),
    )
    event.about({ codeId: id, detail: { destination: describe(input.destination) } })
    return (await readCode(tx, deps.origin, id)) as Code
  })

/**
 * What of a code can be changed is changed in one statement that names the version which was read; `any`: nobody has read
 * it, and the change holds whatever the version is.
 */
export const updateCode = (
  deps: CodesDeps,
  actor: Actor,
  input: In<typeof contract.updateCode>,
  version: number | 'any',
): Promise<Code> =>
  act(deps, actor, { type: 'code.edited', endpoint: contract.updateCode }, async (tx, event) => {
    const { id, ...wanted } = input
    return edit(deps, tx, actor, event, { id: fromId(id), version, wanted, restores: false })
  })
export const restoreVersion = (
  deps: CodesDeps,
  actor: Actor,
  input: In<typeof contract.restoreCodeVersion>,
  version: number,
): Promise<Code> =>
  act(deps, actor, { type: 'code.edited', endpoint: contract.restoreCodeVersion }, async (tx, event) => {
    const id = fromId(input.id)
    event.about({ codeId: id, detail: { restored: input.version } })
    const then = await tx
      .selectFrom('codeVersion')
      .select('fields')
      .where('codeId', '=', id)
      .where('version', '=', input.version)
      .executeTakeFirst()
    if (!then) throw new Refusal('not-found', 'no such version')
    const { fields } = then
    const wanted = {
      label: fields.label,
      ...(fields.destination ? { destination: fields.destination } : {}),
      expiresAt: fields.expiresAt && new Date(fields.expiresAt).toISOString(),
      notBefore: fields.notBefore && new Date(fields.notBefore).toISOString(),
      scanLimit: fields.scanLimit,
      brand: fields.brandId && toId('brd', fields.brandId),
      owner: fields.ownerId && toId('usr', fields.ownerId),
    }
    return edit(deps, tx, actor, event, { id, version, wanted, restores: true })
  })

type Wanted = Omit<In<typeof contract.updateCode>, 'id'>
/** Each field as the edit leaves it, and which of them it changes: what is the same already is no change. */
const changesOf = (now: Code, wanted: Wanted): EditableField[] => {
  const current: Record<EditableField, unknown> = {
    label: now.label,
    destination: now.destination,
    expiresAt: now.expiresAt,
    notBefore: now.notBefore,
    scanLimit: now.scanLimit,
    brand: now.brand?.id ?? null,
    owner: now.owner?.id ?? null,
  }
  return contract.editableFields.filter(
    (field) => wanted[field] !== undefined && canonical(wanted[field]) !== canonical(current[field]),
  )
}
/** Of one form whatever the order of its names: PostgreSQL sorts those of a destination its own way. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null ? Object.fromEntries(Object.entries(inner).sort()) : inner,
  )

const edit = async (
  deps: CodesDeps,
  tx: Tx,
  actor: Actor,
  event: EventDraft,
  { id, version: read, wanted: given, restores }: { id: string; version: number | 'any'; wanted: Wanted; restores: boolean },
): Promise<Code> => {
  if (read === 'any') await tx.selectFrom('code').select('id').where('id', '=', id).forNoKeyUpdate().execute()
  const now = await readCode(tx, deps.origin, id)
  if (!now) throw new Refusal('not-found')
  const version = read === 'any' ? now.version : read
  event.about({ codeId: id, ...about(now) })
  await requireMayManage(tx, actor, now)
  if (version !== now.version) throw changedMeanwhile('this code')
  const changed = changesOf(now, given)
  // what stays as it is is neither judged nor written again: its owner may have left since, its kit been archived
  const wanted: Wanted = Object.fromEntries(changed.map((field) => [field, given[field]]))
  const fixed = changed.find((field) => !kinds[now.kind].edits.includes(field))
  if (fixed) throw invalid(fixed, `of a code of kind ${now.kind} it cannot be changed`)
  requireTakes(now, 'edit')
  if (changed.length === 0) {
    event.changesNothing = true
    return now
  }
  const expiresAt = wanted.expiresAt === undefined ? now.expiresAt : wanted.expiresAt
  const notBefore = wanted.notBefore === undefined ? now.notBefore : wanted.notBefore
  if (
    authenticates(now.kind) &&
    wanted.expiresAt !== undefined &&
    (expiresAt === null || Date.parse(expiresAt) > Date.now() + 14 * 86_400_000)
  )
    throw invalid('expiresAt', 'a code that authenticates ends within 14 days', 'fourteen-days')
  if (wanted.expiresAt !== undefined || wanted.notBefore !== undefined)
    await requireTimes(tx, notBefore ? new Date(notBefore) : null, expiresAt ? new Date(expiresAt) : null)
  if (wanted.destination) await requireDestination(deps, tx, now.kind, wanted.destination)
  const edited = await tx
    .updateTable('code')
    .set({
      version: version + 1,
      ...(wanted.label === undefined ? {} : { label: wanted.label }),
      ...(wanted.destination === undefined ? {} : { destination: JSON.stringify(wanted.destination) as never }),
      ...(wanted.expiresAt === undefined
        ? {}
        : { expiresAt: wanted.expiresAt === null ? sql<Date>`'infinity'` : new Date(wanted.expiresAt) }),
      ...(wanted.notBefore === undefined
        ? {}
        : { notBefore: wanted.notBefore === null ? sql<Date>`'-infinity'` : new Date(wanted.notBefore) }),
      ...(wanted.scanLimit === undefined ? {} : { scanLimit: wanted.scanLimit }),
      ...(wanted.brand === undefined ? {} : { brandId: await requireBrand(tx, wanted.brand, restores) }),
      ...(wanted.owner === undefined ? {} : { ownerId: wanted.owner === null ? null : await requireOwner(tx, wanted.owner) }),
    })
    .where('id', '=', id)
    .where('version', '=', version)
    .where('claimedAt', 'is', null)
    .where('revokedAt', 'is', null)
    // what authenticates and is over stays over: judged here, on the database's clock
    .where((e) =>
      authenticates(now.kind)
        ? e.and([e('expiresAt', '>', sql<Date>`now()`), e('epoch', '=', sql<number>`(select epoch from deployment)`)])
        : e.lit(true),
    )
    // a limit that is lower than what was counted already leaves the code used up
    .returning('scans')
    .executeTakeFirst()
  if (!edited) {
    const then = await readCode(tx, deps.origin, id)
    if (then) requireTakes(then, 'edit')
    throw changedMeanwhile('this code')
  }
  await writeVersion(tx, id, changed, byOf(actor))
  event.about({
    detail: {
      changed,
      version: version + 1,
      ...(wanted.destination
        ? { 'destination.from': now.destination ? describe(now.destination) : '', 'destination.to': describe(wanted.destination) }
        : {}),
    },
  })
  return (await readCode(tx, deps.origin, id)) as Code
}
