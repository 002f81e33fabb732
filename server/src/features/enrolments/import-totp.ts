import type { ForeignKey, In, KeyRow, Out } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import { type Actor, roleOf } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { fromId, toId } from '../../platform/ids.ts'
import { invalid } from '../../platform/refusal.ts'
import { type ActDeps, act, type EventDraft } from '../events/index.ts'
import { requireEnrolment } from '../policies/index.ts'
import { endSessions } from '../sessions/index.ts'
import { insertImported, isSameKey } from '../totp/index.ts'
import { lockPeople, rolesAbove, usernameKey } from '../users/index.ts'

type Input = In<typeof contract.importTotp>
type Answer = Out<typeof contract.importTotp>
type Found = {
  id: string
  username: string
  usernameKey: string
  email: string | null
  active: boolean
  above: boolean
  hasPassword: boolean
  totpId: string | null
  sealed: Buffer | null
}
/** A row that was judged, with what the deed needs of it. */
type Judged = { shown: KeyRow; key: ForeignKey; person: Found | undefined }
const mostRows = 1_000

/** People whom the rows name: by id, or by a label that is a user name or an e-mail address. */
const findPeople = async (db: Db | Tx, actor: Actor, keys: readonly ForeignKey[], { people }: Input): Promise<Found[]> => {
  const labels = keys.map(({ label }) => label).filter((label) => label !== '')
  const { rows } = await sql<Found>`
    select u.id, u.username, u.username_key, lower(u.email) as email, u.state = 'active' as active,
      exists (select from user_role r where r.user_id = u.id and r.role = any (${rolesAbove(roleOf(actor) ?? 'user')}::text[])) as above,
      exists (select from password w where w.user_id = u.id) as has_password, t.id as totp_id, t.sealed
    from users u left join totp t on t.user_id = u.id and t.state = 'active'
    where u.state <> 'pending' and (u.id = any (${people.map(({ userId }) => fromId(userId))}::uuid[])
      or u.username_key = any (${labels.map(usernameKey)}::text[]) or lower(u.email) = any (${labels.map((label) => label.toLowerCase())}::text[]))
    order by u.id`.execute(db)
  return rows
}
/** Whose a row is: as the caller says, else by user name, else by an e-mail address that one person alone has. */
const personOf = (found: readonly Found[], row: number, key: ForeignKey, { people }: Input): Found | undefined => {
  const named = people.find((each) => each.row === row)
  if (named) return found.find(({ id }) => id === fromId(named.userId))
  if (key.label === '') return undefined
  const byName = found.find((each) => each.usernameKey === usernameKey(key.label))
  const byMail = found.filter(({ email }) => email === key.label.toLowerCase())
  return byName ?? (byMail.length === 1 ? byMail[0] : undefined)
}

type No = { code: NonNullable<KeyRow['refusal']>; message: string }
const whyNot = (deps: ActDeps, key: ForeignKey, person: Found | undefined, input: Input, taken: Set<string>): No | undefined => {
  if (key.problem) return key.problem
  const secret = key.secret as Uint8Array
  const print = Buffer.from(secret).toString('base64')
  if (taken.has(print)) return { code: 'twice', message: 'is in this import already' }
  if (!person)
    return { code: 'nobody', message: 'has a label that is nobody’s user name or e-mail address here; say whose it is' }
  // two people with one secret would be one factor, whoever of them gets it
  taken.add(print)
  if (taken.has(person.id)) return { code: 'twice', message: 'is for a person who gets another key in this import' }
  if (person.above) return { code: 'more-rights', message: 'is for a person with more rights than yours' }
  if (!person.active) return { code: 'not-active', message: 'is for a person who is suspended or off-boarded' }
  if (person.totpId && person.sealed) {
    if (isSameKey(deps.keys, person.id, person.totpId, person.sealed, secret))
      return { code: 'same-key', message: 'is the key that this person has already' }
    if (!input.replace) return { code: 'has-key', message: 'is for a person who has a key; say replace to end that one' }
  }
  taken.add(person.id)
  return undefined
}
/** Each row as it would be: what was read, whose it is, and what stands against it. Secrets stay in `key`. */
const judge = async (deps: ActDeps, db: Db | Tx, actor: Actor, keys: readonly ForeignKey[], input: Input): Promise<Judged[]> => {
  const found = await findPeople(db, actor, keys, input)
  const taken = new Set<string>()
  return keys.map((key, at) => {
    const row = at + 1
    const person = personOf(found, row, key, input)
    const no = whyNot(deps, key, person, input, taken)
    return {
      key,
      person,
      shown: {
        row,
        issuer: key.issuer,
        label: key.label,
        algorithm: key.algorithm,
        digits: key.digits,
        periodSeconds: key.periodSeconds,
        bits: key.secret && key.secret.length * 8,
        user: person ? { id: toId('usr', person.id), username: person.username } : null,
        replaces: person?.totpId != null,
        hasPassword: person?.hasPassword ?? false,
        outcome: no ? 'refused' : 'ready',
        refusal: no?.code ?? null,
        message: no?.message ?? null,
      },
    }
  })
}

/**
 * R9: keys from elsewhere become factors here. Good rows are taken although others are not; each says what was wrong with
 * it. The person had no say, so they get a notice, and their sessions end as with every new factor (threat 11).
 */
export const importTotp = async (deps: ActDeps, actor: Actor, input: Input): Promise<Answer> => {
  const { keys, missingParts } = contract.readKeyLinks(input.content)
  if (keys.length === 0) throw invalid('content', 'holds no line; one otpauth:// or otpauth-migration:// link a line')
  if (keys.length > mostRows) throw invalid('content', `holds ${keys.length} keys; at most ${mostRows} at once`)
  const answer = (dryRun: boolean, rows: KeyRow[]): Answer => ({
    dryRun,
    imported: rows.filter(({ outcome }) => outcome === 'imported').length,
    refused: rows.filter(({ outcome }) => outcome === 'refused').length,
    rows,
    missingParts,
  })
  if (input.dryRun) {
    await requireEnrolment(deps.db)
    const judged = await judge(deps, deps.db, actor, keys, input)
    return answer(
      true,
      judged.map(({ shown }) => shown),
    )
  }
  return act(deps, actor, { type: 'historical.imported', endpoint: contract.importTotp }, async (tx, event) => {
    await requireEnrolment(tx)
    const named = await judge(deps, tx, actor, keys, input)
    await lockPeople(
      tx,
      named.flatMap(({ person }) => (person ? [person.id] : [])),
    )
    // as they are now that nobody else is at them
    const judged = await judge(deps, tx, actor, keys, input)
    for (const { shown, key, person } of judged)
      if (shown.outcome === 'ready' && person) {
        await takeOver(deps, tx, actor, event, person, key)
        shown.outcome = 'imported'
      }
    const value = answer(
      false,
      judged.map(({ shown }) => shown),
    )
    event.about({ detail: { imported: value.imported, refused: value.refused } })
    return value
  })
}
const takeOver = async (
  deps: ActDeps,
  tx: Tx,
  actor: Actor,
  event: EventDraft,
  person: Found,
  key: ForeignKey,
): Promise<void> => {
  const parameters = {
    algorithm: key.algorithm as contract.KeyAlgorithm,
    digits: key.digits as number,
    period: key.periodSeconds as number,
  }
  await insertImported(tx, deps.keys, person.id, { ...parameters, secret: key.secret as Uint8Array })
  await sql`delete from attempt where account_key = ${person.id} and factor = 'totp'`.execute(tx)
  const own = actor.kind === 'user' && actor.id === person.id
  const sessionsEnded = await endSessions(
    tx,
    { userId: person.id, ...(own ? { except: actor.session.id } : {}) },
    'a factor was changed',
  )
  const imported = event.and('factor.imported', {
    subject: { kind: 'user', id: person.id, name: person.username },
    factor: 'totp',
    // issuer and label were written by others, about people: they are not repeated here
    detail: { ...parameters, bits: (key.secret as Uint8Array).length * 8, replaced: person.totpId ? 'yes' : 'no', sessionsEnded },
  })
  imported.notices.push({ kind: 'factor-changed', userId: person.id })
}
