import * as contract from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import type { Tx } from '../../platform/db.ts'
import { fromId, toId } from '../../platform/ids.ts'
import type { CodesDeps } from '../codes/index.ts'
import { enrol } from '../enrolments/index.ts'
import { act, type EventDraft } from '../events/index.ts'
import { addUser } from '../users/index.ts'
import type { Made } from './bulk-rows.ts'
import type { BulkRequest } from './bulk-rules.ts'
import type { NewPerson } from './import-rules.ts'

/** Minutes that codes for many people are good for: they are handed over one by one. By letter: as long as any letter. */
const handedOverMinutes = 24 * 60

const enrolled = async (
  deps: CodesDeps,
  tx: Tx,
  actor: Actor,
  event: EventDraft,
  userId: string,
  { deliver, expiresInMinutes, factor = 'totp' }: Pick<BulkRequest, 'deliver' | 'expiresInMinutes' | 'factor'>,
): Promise<Made> => {
  const minutes = expiresInMinutes ?? (deliver === 'letter' ? undefined : handedOverMinutes)
  const { code } = await enrol(deps, tx, actor, event, {
    id: toId('usr', userId),
    factor,
    ...(minutes === undefined ? {} : { expiresInMinutes: minutes }),
    ...(deliver === undefined ? {} : { deliver }),
  })
  return {
    codeId: fromId(code.id),
    result: { url: code.url, ...(code.activation === undefined ? {} : { activation: code.activation }) },
  }
}
/** A code for one of many people; its letter is written when the results are fetched. */
export const issueCode = (deps: CodesDeps, actor: Actor, userId: string, request: BulkRequest): Promise<Made> =>
  act(deps, actor, { type: 'code.issued', endpoint: contract.enrolUser }, (tx, event) =>
    enrolled(deps, tx, actor, event, userId, request),
  )
/** A person of a file, with their code where the file asks for one: both, or neither. */
export const importUser = (deps: CodesDeps, actor: Actor, { enrol: way, factor, ...person }: NewPerson): Promise<Made> =>
  act(deps, actor, { type: 'user.created', endpoint: contract.createUser }, async (tx, event) => {
    const id = await addUser(deps, tx, actor, event, person)
    if (way === 'none') return {}
    const terms = { factor, ...(way === 'letter' ? { deliver: 'letter' as const } : {}) }
    return enrolled(deps, tx, actor, event.and('code.issued'), id, terms)
  })
