import { readFile } from 'node:fs/promises'
import { type BulkJob, type CsvImport, importBytes } from '@postern/contract'
import { type Command, WrongUse } from './command.ts'
import { report, settled } from './jobs.ts'
import { symbolsIn, symbolsOption } from './symbol.ts'

/** The text of a CSV file. Throws WrongUse. */
const textOf = async (file: string): Promise<string> => {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (error) {
    throw new WrongUse(`FILE is ${file}; it cannot be read (${(error as { code?: string }).code})`)
  }
  if (bytes.length > importBytes) throw new WrongUse(`FILE is ${file}; it is larger than 5 MB: split it`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new WrongUse(`FILE is ${file}; it is not UTF-8: save it as "CSV UTF-8"`)
  }
}

/** `user import`, `code import`: a file is checked, then worked off as a job. */
export const importCommand = (endpoint: CsvImport, does: string, more: string): Command => ({
  name: 'import',
  does,
  arguments: [{ name: 'FILE', says: 'CSV in UTF-8, with a header; comma, semicolon or tab', field: 'csv' }],
  options: { ...symbolsOption, 'dry-run': { says: 'check the file, and do nothing' } },
  more: `${more}

Rows that are wrong are left out; "postern bulk errors" writes them with what is wrong,
to be mended and imported as they are.`,
  runs: 'anywhere',
  ownEvent: true,
  run: async (io, given) => {
    const csv = await textOf(given.argument('FILE'))
    const dry = given.flag('dry-run')
    const answer = await io.call(endpoint, { csv, ...symbolsIn(given), ...(dry ? { dryRun: true } : {}) })
    for (const { row, errors } of answer.errors)
      io.say(`row ${row}: ${errors.map(({ column, message }) => (column ? `${column} ${message}` : message)).join('; ')}`)
    if (answer.bad > answer.errors.length) io.say(`and ${answer.bad - answer.errors.length} rows more`)
    if (dry) {
      await io.done(answer, `${answer.total} rows: ${answer.good} good, ${answer.bad} not\n`)
      return answer.bad === 0 ? 0 : 1
    }
    const job: BulkJob = await settled(io, answer.id as string)
    return report(io, job)
  },
})
