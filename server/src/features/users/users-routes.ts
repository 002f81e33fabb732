import type { Out } from '@postern/contract'
import * as contract from '@postern/contract'
import type { Db } from '../../platform/db.ts'
import { Group } from '../../platform/group.ts'
import { fromId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type Route, route } from '../../platform/route.ts'
import { tagged, versionOf } from '../../platform/versions.ts'
import type { ActDeps } from '../events/index.ts'
import { createToken, currentToken, listTokens, revokeToken } from './service-tokens.ts'
import { createUser, unlockUser, updateUser } from './users.ts'
import { readUser, readUsers } from './users-read.ts'

export const usersRoutes = (deps: ActDeps): Route[] => {
  const roles = new Group<undefined, Out<typeof contract.listRoles>>({
    // everybody who asked meanwhile gets one count: it begins after each of them came
    run: async (callers) => {
      const counted = await countRoles(deps.db)
      return callers.map(() => counted)
    },
  })
  return [
    route(contract.createUser, async ({ actor, input }) => ({ value: await createUser(deps, actor, input) })),
    route(contract.listUsers, async ({ input }) => ({ value: await readUsers(deps.db, input) })),
    route(contract.getUser, async ({ input }) => {
      const user = await readUser(deps.db, fromId(input.id))
      if (!user) throw new Refusal('not-found')
      return tagged(user)
    }),
    route(contract.updateUser, async ({ actor, input, ifMatch }) =>
      tagged(await updateUser(deps, actor, input, versionOf(ifMatch))),
    ),
    route(contract.unlockUser, async ({ actor, input }) => ({ value: await unlockUser(deps, actor, input) })),
    route(contract.createToken, async ({ actor, input }) => ({ value: await createToken(deps, actor, input) })),
    route(contract.currentToken, async ({ actor }) => ({ value: currentToken(actor) })),
    route(contract.listTokens, async ({ input }) => ({ value: await listTokens(deps.db, input) })),
    route(contract.revokeToken, async ({ actor, input }) => ({ value: await revokeToken(deps, actor, input) })),
    route(contract.listRoles, async () => ({ value: await roles.submit(undefined) })),
  ]
}

const countRoles = async (db: Db): Promise<Out<typeof contract.listRoles>> => {
  const counts = await db
    .selectFrom('userRole')
    .innerJoin('users', 'users.id', 'userRole.userId')
    .select(['role', (e) => e.fn.countAll<number>().as('people')])
    .where('state', '=', 'active')
    .groupBy('role')
    .execute()
  return {
    items: contract.roles.map((name) => ({ name, people: Number(counts.find((row) => row.role === name)?.people ?? 0) })),
    nextCursor: null,
  }
}
