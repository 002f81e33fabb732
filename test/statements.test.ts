import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startServer } from './support/server.ts'

const server = await startServer()
const { keyed, db } = server.core.database

const byName = (on: typeof db, name: string) => on.selectFrom('users').select('id').where('usernameKey', '=', name).execute()
/** The statements that this connection keeps a plan of, among those that ask for a name. */
const preparedOn = (on: typeof db) =>
  on
    .selectFrom('pgPreparedStatements' as never)
    .select(['statement', 'genericPlans', 'customPlans'] as never)
    .where('statement' as never, 'like', '%username_key%' as never)
    .execute()

test('what looks rows up by keys is parsed and planned once a connection', async () => {
  const prepared = await keyed.transaction().execute(async (tx) => {
    for (const name of ['olga', 'nobody', 'piotr']) await byName(tx, name)
    return preparedOn(tx)
  })
  const statement = 'select "id" from "users" where "username_key" = $1'
  assert.deepEqual(prepared, [{ statement, genericPlans: 3, customPlans: 0 }])
})

test('a list is planned for what it asks', async () => {
  const prepared = await db.transaction().execute(async (tx) => {
    for (let at = 0; at < 10; at++) await byName(tx, String(at))
    return preparedOn(tx)
  })
  assert.deepEqual(prepared, [])
})

test('a statement that fails leaves its connection as good as it was', async () => {
  const failing = () =>
    keyed.transaction().execute((tx) => tx.selectFrom('users').select('id').where('id', '=', 'no id').execute())
  for (let at = 0; at < 3; at++) await assert.rejects(failing(), /invalid input syntax for type uuid/)
  assert.deepEqual(await byName(keyed, 'nobody'), [])
})
