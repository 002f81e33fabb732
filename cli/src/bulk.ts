import {
  type BulkJob,
  bulkCodes,
  bulkErrors,
  bulkResults,
  type CallIn,
  cancelBulkJob,
  codeKinds,
  codeStates,
  enrolFactors,
  getBulkJob,
  listBulkJobs,
  resumeBulkJob,
} from '@postern/contract'
import { type Given, minutesIn, oneOf } from './arguments.ts'
import { type Command, type Group, type Option, type Status, WrongUse } from './command.ts'
import type { Io } from './io.ts'
import { isOver, lineOf, report, settled } from './jobs.ts'
import { withNewFile } from './new-file.ts'
import { allPages, limitOption } from './pages.ts'
import { symbolsIn, symbolsOption } from './symbol.ts'
import { columns, minute } from './text.ts'
import { factorOption, personFilter, userIdOf } from './user.ts'

type Input = CallIn<typeof bulkCodes>
const idArgument = { name: 'ID', says: 'the job’s id (job_…)', field: 'id' } as const
/** Which codes: by id, or all that a filter matches now. */
const whichOptions: Record<string, Option> = {
  id: { value: 'ID', says: 'this code (cod_…)', many: true, field: 'ids' },
  state: { value: 'STATE', says: 'codes in this state', field: 'filter' },
  kind: { value: 'KIND', says: 'codes of this kind', field: 'filter' },
  user: { value: 'USER', says: 'codes for this person', field: 'filter' },
  owner: { value: 'USER', says: 'codes that this person looks after', field: 'filter' },
  device: {
    value: 'ID',
    says: 'codes that enrolled this device, that it approved by, or that it showed (dev_…)',
    field: 'filter',
  },
  q: { value: 'TEXT', says: 'codes whose label, person or destination holds TEXT', field: 'filter' },
  'dry-run': { says: 'say how many there are, and do nothing' },
}
const which = async (io: Io, given: Given): Promise<Pick<Input, 'ids' | 'filter' | 'dryRun'>> => {
  const dryRun = given.flag('dry-run') ? { dryRun: true } : {}
  const ids = given.all('id')
  if (ids.length > 0) return { ids, ...dryRun }
  const [state, kind, user, owner, device, q] = ['state', 'kind', 'user', 'owner', 'device', 'q'].map((name) => given.text(name))
  const filter = {
    ...(state === undefined ? {} : { state: oneOf('state', state, codeStates) }),
    ...(kind === undefined ? {} : { kind: oneOf('kind', kind, codeKinds) }),
    ...(user === undefined ? {} : { userId: await userIdOf(io, user) }),
    ...(owner === undefined ? {} : { owner: await userIdOf(io, owner) }),
    ...(device === undefined ? {} : { device }),
    ...(q === undefined ? {} : { q }),
  }
  // all codes of a deployment are never meant by leaving something out
  if (Object.keys(filter).length === 0) throw new WrongUse('say which: --id ID, or a filter such as --kind or --owner')
  return { filter, ...dryRun }
}

const start = async (io: Io, input: Input): Promise<Status> => {
  const job = await io.call(bulkCodes, input)
  if (!job.id) {
    const rows = (job.sample ?? []).map((code) => [code.id, code.kind, code.state, code.user?.username ?? code.label])
    return io.done(
      job,
      `${job.total} in all${rows.length > 0 ? `; the first:\n${columns(['ID', 'KIND', 'STATE', 'FOR'], rows)}` : ''}\n`,
    )
  }
  return report(io, isOver(job as BulkJob) ? (job as BulkJob) : await settled(io, job.id))
}

const makingOptions: Record<string, Option> = {
  ...symbolsOption,
  expires: { value: 'TIME', says: 'how long the codes are good: 10m, 24h, 14d', field: 'expiresInMinutes' },
}
const making = (given: Given): Pick<Input, 'symbols' | 'expiresInMinutes'> => {
  const expires = given.text('expires')
  return {
    ...symbolsIn(given),
    ...(expires === undefined ? {} : { expiresInMinutes: minutesIn('expires', expires) }),
  }
}
const revoke: Command = {
  name: 'revoke',
  does: 'Revoke many codes; up to 5,000 are dead at once, before the answer',
  options: {
    reason: { value: 'TEXT', says: 'why, for the record', required: true, field: 'reason' },
    ...whichOptions,
    results: { says: 'also disable what came of claimed codes', field: 'also' },
  },
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) =>
    start(io, {
      action: 'revoke',
      reason: given.text('reason'),
      ...(await which(io, given)),
      ...(given.flag('results') ? { also: ['results' as const] } : {}),
    }),
}
const reissue: Command = {
  name: 'reissue',
  does: 'Put new codes in the place of many; printed symbols of links live on',
  options: { ...whichOptions, ...makingOptions },
  more: 'The new addresses are fetched once, with "postern bulk results".',
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => start(io, { action: 'reissue', ...(await which(io, given)), ...making(given) }),
}
const edit: Command = {
  name: 'edit',
  does: 'Change many codes without printing them again',
  options: {
    ...whichOptions,
    destination: { value: 'URL', says: 'where they lead from now on', field: 'change' },
    label: { value: 'TEXT', says: 'their label', field: 'change' },
  },
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const [destination, label] = [given.text('destination'), given.text('label')]
    if (destination === undefined && label === undefined) throw new WrongUse('say what to change: --destination or --label')
    return start(io, {
      action: 'edit',
      ...(await which(io, given)),
      change: {
        ...(destination === undefined ? {} : { destination: { type: 'url' as const, url: destination } }),
        ...(label === undefined ? {} : { label }),
      },
    })
  },
}
const whom = async (io: Io, given: Given): Promise<Pick<Input, 'userIds' | 'userFilter'>> => {
  const userIds: string[] = []
  for (const user of given.all('user')) userIds.push(await userIdOf(io, user))
  if (userIds.length > 0) return { userIds }
  const userFilter = personFilter(given)
  if (Object.keys(userFilter).length === 0) throw new WrongUse('say for whom: --user USER, or a filter such as --role or --due')
  return { userFilter }
}
const issue: Command = {
  name: 'issue',
  does: 'Issue a single-use enrolment code to each of many people',
  options: {
    user: { value: 'USER', says: 'for this person', many: true, field: 'userIds' },
    role: { value: 'ROLE', says: 'for active people who have this role', field: 'userFilter' },
    due: { says: 'for active people who must still enrol a second factor', field: 'userFilter' },
    q: { value: 'TEXT', says: 'for active people whose user name, name or e-mail holds TEXT', field: 'userFilter' },
    factor: factorOption,
    letter: { says: 'letters in the result, and activation numbers; good for 14 days without --expires', field: 'deliver' },
    ...makingOptions,
    'dry-run': { says: 'say how many there are, and do nothing' },
  },
  more: 'Good for 24 hours without --expires. The addresses are fetched once, with "postern bulk results".',
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const factor = given.text('factor')
    return start(io, {
      action: 'issue',
      ...(await whom(io, given)),
      ...(factor === undefined ? {} : { factor: oneOf('factor', factor, enrolFactors) }),
      ...(given.flag('letter') ? { deliver: 'letter' as const } : {}),
      ...making(given),
      ...(given.flag('dry-run') ? { dryRun: true } : {}),
    })
  },
}
const print: Command = {
  name: 'print',
  does: 'Draw the symbols of many link and static codes; nothing of them changes',
  options: { ...whichOptions, ...symbolsOption },
  more: `A code that authenticates is never drawn again: "postern bulk reissue" puts a new one in its
place. The zip is fetched once, with "postern bulk results".`,
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => start(io, { action: 'print', ...(await which(io, given)), ...symbolsIn(given) }),
}
const list: Command = {
  name: 'list',
  does: 'List bulk jobs, newest first',
  options: { ...limitOption },
  runs: 'anywhere',
  run: async (io, given) => {
    const page = await allPages(given, (paging) => io.call(listBulkJobs, paging))
    const rows = page.items.map((job) => [
      job.id,
      job.action,
      job.state,
      String(job.done),
      String(job.failed),
      String(job.total),
      job.by,
      minute(job.createdAt),
    ])
    return io.done(page, columns(['ID', 'ACTION', 'STATE', 'DONE', 'FAILED', 'TOTAL', 'BY', 'MADE'], rows))
  },
}
const show: Command = {
  name: 'show',
  does: 'Show how far a job is',
  arguments: [idArgument],
  runs: 'anywhere',
  run: async (io, given) => {
    const job = await io.call(getBulkJob, { id: given.argument('ID') })
    return io.done(job, `${lineOf(job)}\n`)
  },
}
const cancel: Command = {
  name: 'cancel',
  does: 'Stop a job after the row in hand',
  arguments: [idArgument],
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const job = await io.call(cancelBulkJob, { id: given.argument('ID') })
    return io.done(job, `${lineOf(job)}\n`)
  },
}
const resume: Command = {
  name: 'resume',
  does: 'Go on with a job that was cancelled or stopped',
  arguments: [idArgument],
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const job = await io.call(resumeBulkJob, { id: given.argument('ID') })
    return report(io, await settled(io, job.id))
  },
}
const errors: Command = {
  name: 'errors',
  does: 'Write the rows of a job that failed, as CSV',
  arguments: [idArgument],
  runs: 'anywhere',
  run: async (io, given) => {
    for await (const chunk of io.stream(bulkErrors, { id: given.argument('ID') })) await io.terminal.out(chunk)
    return 0
  },
}
const results: Command = {
  name: 'results',
  does: 'Fetch what a job made, as a zip: once, within an hour of its end',
  arguments: [idArgument],
  options: { out: { value: 'FILE', says: 'write it here; an existing file is not overwritten', required: true } },
  more: 'The zip holds addresses that enrol people: keep it as safe as keys, and delete it when it is handed out.',
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const file = given.text('out') as string
    await withNewFile('out', file, (out) => out.writeFile(io.bytes(bulkResults, { id: given.argument('ID') })))
    return io.done({ file }, `wrote ${file}\n`)
  },
}
export const bulkGroup: Group = {
  name: 'bulk',
  does: 'Acts on many codes at once, and the jobs that do them',
  commands: [revoke, reissue, edit, issue, print, list, show, cancel, resume, errors, results],
}
