import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { startServer } from './support/server.ts'

const server = await startServer()
const { keyed, db } = server.core.database

test('what looks rows up by keys is parsed and planned once a connection; beginning and committing are no plans', async () => {
  const prepared = await keyed.transaction().execute(async (tx) => {
    for (const name of ['olga', 'nobody', 'piotr']) await sql`select id from users where username_key = ${name}`.execute(tx)
    return sql<{
      statement: string
      genericPlans: number
      customPlans: number
    }>`select statement, generic_plans::int, custom_plans::int
      from pg_prepared_statements where statement not like '%pg_prepared_statements%'`.execute(tx)
  })
  assert.deepEqual(prepared.rows, [
    { statement: 'select id from users where username_key = $1', genericPlans: 3, customPlans: 0 },
  ])
})

test('a list is planned for what it asks', async () => {
  const { rows } = await db.transaction().execute(async (tx) => {
    for (let at = 0; at < 10; at++) await sql`select id from users where username_key = ${String(at)}`.execute(tx)
    return sql`select statement from pg_prepared_statements where statement not like '%pg_prepared_statements%'`.execute(tx)
  })
  assert.deepEqual(rows, [])
})

test('a statement that fails leaves its connection as good as it was', async () => {
  const failing = () => keyed.transaction().execute((tx) => sql`select 1 / ${0}::int`.execute(tx))
  for (let at = 0; at < 3; at++) await assert.rejects(failing(), /division by zero/)
  const { rows } = await sql<{ one: number }>`select ${1}::int as one`.execute(keyed)
  assert.deepEqual(rows, [{ one: 1 }])
})
