import type { In, SymbolFormat } from '@postern/contract'
import * as contract from '@postern/contract'
import { sql } from 'kysely'
import type { Actor } from '../../platform/actor.ts'
import { csvRow } from '../../platform/csv.ts'
import type { Tx } from '../../platform/db.ts'
import { fromId, toId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import type { CodesDeps } from '../codes/index.ts'
import { act } from '../events/index.ts'
import { codeLetter, type Language } from '../letters/index.ts'
import { readAuthenticationSettings } from '../policies/index.ts'
import { drawMany, type Look, lookOf, outputOf } from '../symbols/index.ts'
import { findJob, readJob } from './bulk-read.ts'
import { openResult, type RowResult } from './bulk-store.ts'
import type { Maker } from './job-actor.ts'
import { zipOf } from './zip.ts'

type Taken = {
  n: number
  result: Buffer
  madeId: string
  kind: contract.CodeKind
  label: string
  name: string
  expiresAt: Date | null
  brandId: string | null
}
type Result = Omit<Taken, 'result'> & RowResult

/**
 * Takes what a job made, for who made it: once, within an hour of its end. Both are conditions of the statement that also
 * deletes the sealed rows, so of two who fetch at once one gets them, and nobody after.
 */
export const takeResults = async (deps: CodesDeps, actor: Actor, input: In<typeof contract.bulkResults>) => {
  const id = fromId(input.id)
  const { taken, symbols, language } = await act(
    deps,
    actor,
    { type: 'bulk.fetched', endpoint: contract.bulkResults },
    async (tx, event) => {
      const job = await findJob(tx, deps.keys, id)
      if (!job) throw new Refusal('not-found')
      event.about({ subject: { kind: 'job', id, name: job.action }, detail: { action: job.action } })
      if (!isMaker(actor, job.maker))
        throw new Refusal('not-allowed', 'another’s results', { detail: 'Only who made this job may fetch what it made.' })
      const { state } = (await readJob(tx, id)) as contract.BulkJob
      if (state === 'queued' || state === 'running')
        throw new Refusal('conflict', 'the job runs', { detail: 'This job still runs. Fetch its results when it is over.' })
      const rows = await take(tx, id)
      if (rows.length === 0)
        throw new Refusal('not-found', 'no results', {
          detail: `There is nothing to fetch: it was fetched already, an hour has gone by, or nothing was made. ${job.action === 'print' ? 'Print' : 'Issue'} the codes again.`,
        })
      event.about({ detail: { codes: rows.length } })
      return {
        language: job.request.language ?? ('en' as const),
        symbols: job.request.symbols ?? (['svg'] as const),
        taken: rows.map(({ result, ...row }): Result => ({ ...row, ...openResult(deps.keys, id, row.n, result) })),
      }
    },
  )
  const { issuer } = await readAuthenticationSettings(deps.db)
  return zipOf(filesOf(taken, symbols, { issuer, language, looks: await looksOf(deps, taken) }))
}
type Looks = (result: Result) => Look
/** Each code in the look of its kit as it is now, or of the default: a kit's design was proved when it was saved. */
const looksOf = async (deps: CodesDeps, results: readonly Result[]): Promise<Looks> => {
  const looks = new Map<string | null, Look>()
  for (const brandId of new Set(results.map((each) => each.brandId))) looks.set(brandId, await lookOf(deps.db, brandId))
  return ({ brandId }) => looks.get(brandId) as Look
}
const isMaker = (actor: Actor, maker: Maker): boolean =>
  actor.kind === maker.kind &&
  (maker.kind === 'host' || ((actor.kind === 'user' || actor.kind === 'token') && actor.id === maker.id))

const take = async (tx: Tx, jobId: string): Promise<Taken[]> => {
  const { rows } = await sql<Taken>`
    with r as (select n, result, made_id from bulk_row where job_id = ${jobId} and result is not null and result_until > now() for update),
    u as (update bulk_row b set result = null, result_until = null from r where b.job_id = ${jobId} and b.n = r.n),
    j as (update bulk_job set fetched_at = now() where id = ${jobId} and exists (select from r))
    select r.n, r.result, r.made_id as "madeId", c.kind, c.label, c.brand_id as "brandId",
      coalesce(nullif(u.display_name, ''), c.label) as name, nullif(c.expires_at, 'infinity') as "expiresAt"
    from r join code c on c.id = r.made_id left join users u on u.id = c.user_id order by r.n`.execute(tx)
  return rows
}

/** `0007-visitor-safety`: the row's number finds it in index.csv whatever the label is. */
const nameOf = ({ n, label }: Result): string =>
  `${String(n).padStart(4, '0')}-${label
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40)}`
/** A folder a file type, and first the index. Drawn as they are written: thousands of pictures need no memory at once. */
async function* filesOf(
  results: readonly Result[],
  symbols: readonly SymbolFormat[],
  { issuer, language, looks }: { issuer: string; language: Language; looks: Looks },
): AsyncIterable<{ name: string; data: string | Uint8Array }> {
  const index = results.map((each) =>
    csvRow([
      String(each.n),
      each.label,
      toId('cod', each.madeId),
      each.url,
      each.expiresAt?.toISOString() ?? '',
      ...symbols.map((format) => `${format}/${nameOf(each)}.${format}`),
    ]),
  )
  yield {
    name: 'index.csv',
    data: [csvRow(['row', 'label', 'id', 'url', 'expiresAt', ...symbols]), ...index].join(''),
  }
  const byLetter = results.filter(({ activation }) => activation !== undefined)
  // a file of its own: the numbers go another way than the letters
  if (byLetter.length > 0)
    yield {
      name: 'activation.csv',
      data: [
        csvRow(['row', 'label', 'id', 'activation']),
        ...byLetter.map(({ n, label, madeId, activation }) =>
          csvRow([String(n), label, toId('cod', madeId), activation as string]),
        ),
      ].join(''),
    }
  for (const each of byLetter)
    yield {
      name: `letters/${nameOf(each)}.pdf`,
      data: await codeLetter(language, {
        issuer,
        name: each.name,
        url: each.url,
        expiresAt: each.expiresAt?.toISOString() ?? '',
        factor: each.kind === 'enrol-device' ? 'device' : 'totp',
      }),
    }
  if (symbols.length === 0) return
  const drawn = drawMany(
    results.map((each) => ({ text: each.url, look: looks(each) })),
    symbols.map((format) => outputOf(format)),
  )
  for (const each of results) {
    const { value } = await drawn.next()
    for (const [at, format] of symbols.entries())
      yield { name: `${format}/${nameOf(each)}.${format}`, data: (value as Buffer[])[at] as Buffer }
  }
}
