import * as contract from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import { fromId, toId } from '../../platform/ids.ts'
import type { CodesDeps } from '../codes/index.ts'
import { enrol } from '../enrolments/index.ts'
import { act } from '../events/index.ts'
import { addUser } from '../users/index.ts'
import type { Made } from './bulk-rows.ts'
import type { NewPerson } from './import-rules.ts'

/** A person of a file, with their code where the file asks for one: both, or neither. */
export const importUser = (
  deps: CodesDeps,
  actor: Actor,
  { enrol: way, ...person }: NewPerson,
  expiresInMinutes: number,
): Promise<Made> =>
  act(deps, actor, { type: 'user.created', endpoint: contract.createUser }, async (tx, event) => {
    const id = await addUser(deps, tx, actor, event, person)
    if (way === 'none') return {}
    const { code } = await enrol(deps, tx, actor, event.and('code.issued'), {
      id: toId('usr', id),
      factor: 'totp',
      expiresInMinutes,
    })
    return { codeId: fromId(code.id), result: { url: code.url } }
  })
