import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as contract from '@postern/contract'
import fc from 'fast-check'
import type pg from 'pg'
import { judge } from '../server/src/features/sign-in/passcode-statements.ts'
import { bools, byteas, int4s, int8s, texts, uuids } from '../server/src/platform/columns.ts'
import { afterPassword } from './support/attack.ts'
import { firstOperator, newPerson } from './support/people.ts'
import { uuidOf } from './support/phones.ts'
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

test('a passcode looks up the counts of its own person, however many others there are', async () => {
  const olga = await firstOperator(server)
  const person = await newPerson(server, olga, 'late-comer')
  const { signIn } = await (await afterPassword(server.browser(), person)).call(contract.currentSignIn, {})
  const [row] = await server.sql(`select key_thumbprint from sign_in where id = $1`, [uuidOf(signIn.id)])
  await server.sql(
    `insert into attempt (account_key, factor, lane) select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'totp', 0 from generate_series(1, 5000) n`,
  )
  const client = await server.core.database.hot.connect()
  try {
    await client.query('begin')
    // the plan that PostgreSQL takes where it knows little of these tables yet
    await client.query('set local enable_nestloop = off; discard plans')
    const [verdict] = await judge(client as unknown as pg.Pool, [
      { signIn: uuidOf(signIn.id), userId: uuidOf(person.id), thumbprint: row?.key_thumbprint as Buffer },
    ])
    assert.deepEqual(verdict, { is: 'wrong' })
    const { rows } = await client.query(
      `select seq_tup_read + idx_tup_fetch as read from pg_stat_xact_user_tables where relname = 'attempt'`,
    )
    assert.ok(Number(rows[0]?.read) <= 2, `${rows[0]?.read} rows were read`)
    await client.query('rollback')
  } finally {
    client.release(true)
  }
})

test('the columns of a group arrive in PostgreSQL as they left, whatever is in them', async () => {
  const orNull = <T>(values: fc.Arbitrary<T>) => fc.array(fc.option(values), { maxLength: 40 })
  // no text of PostgreSQL holds a NUL, and a surrogate without its other half is no character
  const text = fc.string({ unit: 'binary', maxLength: 60 }).map((chosen) => chosen.replaceAll('\0', '').toWellFormed())
  const group = fc.record({
    uuids: orNull(fc.uuid()),
    texts: orNull(fc.oneof(text, fc.string({ unit: 'grapheme-ascii' }), fc.constant('x'.repeat(20_000)))),
    byteas: orNull(fc.uint8Array().map(Buffer.from)),
    bools: orNull(fc.boolean()),
    int4s: orNull(fc.integer()),
    int8s: orNull(fc.maxSafeInteger()),
  })
  await fc.assert(
    fc.asyncProperty(group, async (sent) => {
      const arrays = [
        uuids(sent.uuids),
        texts(sent.texts),
        byteas(sent.byteas),
        bools(sent.bools),
        int4s(sent.int4s),
        int8s(sent.int8s),
      ]
      const [got = {}] = await server.sql(
        'select $1::uuid[] as uuids, $2::text[] as texts, $3::bytea[] as byteas, $4::bool[] as bools, $5::int[] as int4s, $6::bigint[] as int8s',
        arrays,
      )
      // bigint[] has no parser of its own in node-postgres: its elements come as text
      const read = (got.int8s as (string | null)[]).map((value) => (value === null ? null : Number(value)))
      assert.deepEqual({ ...got, int8s: read }, { ...sent })
    }),
    { numRuns: 300 },
  )
})

test('what is no UUID is refused, and never becomes another one', () => {
  const good = '0190a0b1-c2d3-7e4f-8123-456789abcdef'
  for (const wrong of [
    '',
    'x',
    good.slice(1),
    `${good}0`,
    `${good}00`,
    good.replace('a', 'g'),
    good.replace('a', 'ą'),
    'x'.repeat(36),
  ])
    assert.throws(() => uuids([good, wrong]), /not a UUID/, wrong)
})

test('a column of another type than its parameter is refused, not read as something else', async () => {
  await assert.rejects(
    server.sql('select $1::uuid[]', [texts(['a'])]),
    /has array element type 25 \(text\) instead of expected 2950 \(uuid\)/,
  )
  assert.deepEqual(await server.sql('select unnest($1::uuid[]) as id', [uuids(['0190A0B1-C2D3-7E4F-8123-456789ABCDEF'])]), [
    { id: '0190a0b1-c2d3-7e4f-8123-456789abcdef' },
  ])
})
