import type { BulkJob, Endpoint, ImportRow, In, JobAction, Out, Role } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import { type Actor, roleOf } from '../../platform/actor.ts'
import type { Db, Tx } from '../../platform/db.ts'
import { toId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type CodesDeps, readCodeSettings, whyNotLink } from '../codes/index.ts'
import { act } from '../events/index.ts'
import { readAuthenticationSettings, requireFresh } from '../policies/index.ts'
import { usernameKey } from '../users/index.ts'
import { makeJob } from './bulk.ts'
import { readJob } from './bulk-read.ts'
import { sealInput } from './bulk-store.ts'
import { type CsvRow, readCsv } from './csv-file.ts'
import { type Checked, checkLink, checkPerson } from './import-rules.ts'

type Answer = Out<typeof contract.importUsers>
type File = { columns: string[]; rows: Checked<object>[] }
const [sampleSize, errorsShown, rowsAStatement, rowsATurn] = [20, 100, 5_000, 1_000]

/** Checks row after row; other calls are served in between. */
const each = async <T>(rows: readonly CsvRow[], check: (row: CsvRow) => T): Promise<T[]> => {
  const checked: T[] = []
  for (const [at, row] of rows.entries()) {
    if (at % rowsATurn === rowsATurn - 1) await new Promise(setImmediate)
    checked.push(check(row))
  }
  return checked
}
const people = async (db: Db | Tx, csv: string, own: Role): Promise<File> => {
  const { columns, rows } = await readCsv(csv, contract.userColumns, ['username'])
  const names = rows.map(({ values }) => usernameKey(values.username ?? ''))
  const taken = await sql<{
    key: string
  }>`select username_key as key from users where username_key = any (${names}::text[]) and state <> 'pending'`.execute(db)
  const { enrolment } = await readAuthenticationSettings(db)
  const known = { own, taken: new Set(taken.rows.map(({ key }) => key)), seen: new Map<string, number>(), enrolment }
  return { columns, rows: await each(rows, (row) => checkPerson(row, known)) }
}
const links = async (db: Db | Tx, csv: string): Promise<File> => {
  const { columns, rows } = await readCsv(csv, contract.codeColumns, ['label', 'destination'])
  const cells = (column: string) => [...new Set(rows.flatMap(({ values }) => values[column] || []))]
  const owners = new Map<string, string>()
  for (const { id, key } of (
    await sql<{ id: string; key: string }>`select id, username_key as key from users
      where state = 'active' and username_key = any (${cells('owner').map(usernameKey)}::text[])`.execute(db)
  ).rows)
    owners.set(key, toId('usr', id))
  for (const id of cells('owner')) if (contract.UserId.safeParse(id).success) owners.set(id, id)
  const brands = new Map<string, string>()
  for (const { id, name } of (
    await sql<{ id: string; name: string }>`select id, name from brand where archived_at is null`.execute(db)
  ).rows) {
    brands.set(usernameKey(name), toId('brd', id))
    brands.set(toId('brd', id), toId('brd', id))
  }
  const settings = await readCodeSettings(db)
  const { now } = (await sql<{ now: Date }>`select now()`.execute(db)).rows[0] as { now: Date }
  const known = { owners, brands, now, whyNot: (to: contract.Destination) => whyNotLink(to, settings) }
  return { columns, rows: await each(rows, (row) => checkLink(row, known)) }
}
const answerOf = ({ columns, rows }: File): Answer => {
  const shown = ({ row, values, errors }: Checked<object>): ImportRow => ({ row, values, errors })
  const bad = rows.filter(({ errors }) => errors.length > 0)
  return {
    total: rows.length,
    good: rows.length - bad.length,
    bad: bad.length,
    columns,
    sample: rows.slice(0, sampleSize).map(shown),
    errors: bad.slice(0, errorsShown).map(shown),
  }
}

const importing = (
  action: Extract<JobAction, 'import-users' | 'import-codes'>,
  endpoint: Endpoint,
  read: (db: Db | Tx, csv: string, own: Role) => Promise<File>,
) => ({
  /** The dry run: every row as it will be, and what is wrong with those that will not. */
  check: async (deps: CodesDeps, actor: Actor, csv: string): Promise<Answer> =>
    answerOf(await read(deps.db, csv, roleOf(actor) ?? 'user')),
  /** Good rows are a job; bad ones are in it as failed, so that none is lost. All are checked again when their turn comes. */
  run: (deps: CodesDeps, actor: Actor, input: In<typeof contract.importUsers>): Promise<Answer> =>
    act(deps, actor, { type: 'bulk.created', endpoint }, async (tx, event) => {
      const file = await read(tx, input.csv, roleOf(actor) ?? 'user')
      const answer = answerOf(file)
      if (answer.good === 0)
        throw new Refusal('conflict', 'no row is good', {
          detail: `None of the ${answer.total} rows can be imported. The first: ${answer.errors[0]?.errors.map(({ column, message }) => `${column} ${message}`).join('; ')}`,
        })
      if (answer.good > contract.bulkWithoutProof) requireFresh(actor, 'many at once')
      const id = await makeJob(deps, tx, actor, event, {
        action,
        request: {
          ...(input.language === undefined ? {} : { language: input.language }),
          ...(input.symbols === undefined ? {} : { symbols: input.symbols }),
        },
        total: answer.total,
      })
      await insertRows(deps, tx, id, file.rows)
      await sql`update bulk_job set failed = ${answer.bad}, before = ${answer.bad} where id = ${id}`.execute(tx)
      return { ...answer, ...((await readJob(tx, id)) as BulkJob) }
    }),
})
export const userImport = importing('import-users', contract.importUsers, people)
export const codeImport = importing('import-codes', contract.importCodes, links)

/** Rows of a file hold names and addresses of people, so they lie sealed: what is to be done, or of bad ones what was written. */
const insertRows = async (deps: CodesDeps, tx: Tx, jobId: string, rows: readonly Checked<object>[]): Promise<void> => {
  for (let at = 0; at < rows.length; at += rowsAStatement) {
    const some = rows.slice(at, at + rowsAStatement)
    const errors = some.map(({ errors }) =>
      errors.length > 0 ? JSON.stringify({ code: 'invalid-request', detail: 'Some of it is not valid.', columns: errors }) : null,
    )
    await sql`insert into bulk_row (job_id, n, state, input, errors)
      select ${jobId}, b.n, case when b.errors is null then 'waiting' else 'failed' end, b.input, b.errors
      from unnest(${some.map(({ row }) => row)}::int[], ${some.map(({ row, values, input }) => sealInput(deps.keys, jobId, row, { values, ...(input ? { input } : {}) }))}::bytea[], ${errors}::jsonb[]) b(n, input, errors)`.execute(
      tx,
    )
    await new Promise(setImmediate)
  }
}
