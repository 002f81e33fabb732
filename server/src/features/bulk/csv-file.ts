import { finished } from 'node:stream/promises'
import { type Fault, type FieldCode, importRows } from '@postern/contract'
import { CsvError, parse } from 'csv-parse'
import { invalid } from '../../platform/refusal.ts'

/** A row as it stands in the file: its number after the header, its cells by column, and what is wrong with its shape. */
export type CsvRow = { row: number; values: Record<string, string>; wrong?: Fault }
export type CsvFile = { columns: string[]; rows: CsvRow[] }

/** Columns that our own file of errors adds: it can be mended and sent again as it is. */
const ours = new Set(['row', 'problem', 'why'])
/** Case, blanks, hyphens and underscores of a header do not matter. */
const plain = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, '')

/** The separator that the header has most of, outside quotes; a file of one column has none. */
const separatorOf = (text: string): string => {
  const header = /^(?:"(?:[^"]|"")*"|[^"\r\n])*/.exec(text)?.[0].replace(/"(?:[^"]|"")*"/g, '') ?? ''
  const counts = [',', ';', '\t'].map((separator) => ({ separator, count: header.split(separator).length - 1 }))
  return counts.reduce((best, each) => (each.count > best.count ? each : best)).separator
}
/** What our own files write before a cell that looks like a formula is taken off again. */
const bare = (cell: string): string => cell.replace(/^'(?=[=+\-@\t\r])/, '').trim()

type Parsed = { record: string[]; info: { lines: number } }
/** Bytes that are parsed before other calls are served. */
const aTurn = 64 * 1024
const parsed = async (text: string): Promise<Parsed[]> => {
  const parser = parse({
    delimiter: separatorOf(text),
    relax_column_count: true,
    skip_empty_lines: true,
    info: true,
    to: importRows + 2,
  })
  const records: Parsed[] = []
  parser.on('data', (each: Parsed) => records.push(each))
  const ended = finished(parser)
  // heard where it is awaited, which may be later than it happens
  ended.catch(() => {})
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length && !parser.errored && !parser.readableEnded; at += aTurn) {
    parser.write(bytes.subarray(at, at + aTurn))
    await new Promise(setImmediate)
  }
  parser.end()
  await ended
  return records
}

/** Reads a file by RFC 4180, with the separators that spreadsheets write. Throws where it cannot be read as a whole. */
export const readCsv = async (csv: string, known: readonly string[], needed: readonly string[]): Promise<CsvFile> => {
  if (csv.includes('\ufffd'))
    throw invalid('csv', 'is not UTF-8: save it as “CSV UTF-8”, so that letters like ł and é are what they were', 'not-utf8')
  const text = csv.replace(/^\ufeff/, '')
  let records: Parsed[]
  try {
    records = await parsed(text)
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const line = String(error.lines ?? '?')
    const { words, code } = said[error.code] ?? { words: 'cannot be read as CSV', code: 'no-csv' }
    throw invalid('csv', `line ${line}: ${words}`, code, { line })
  }
  const [header, ...rest] = records
  const all = known.join(', ')
  if (!header) throw invalid('csv', `is empty: its first line names the columns, ${all}`, 'no-header', { columns: all })
  const columns = header.record.map((name) => {
    const found = [...known, ...ours].find((each) => plain(each) === plain(name))
    const column = name.slice(0, 40)
    if (!found) throw invalid('csv', `has a column “${column}”; it takes ${all}`, 'unknown-column', { column, columns: all })
    return found
  })
  const twice = columns.find((name, at) => columns.indexOf(name) !== at)
  if (twice) throw invalid('csv', `has the column ${twice} twice`, 'column-twice', { column: twice })
  const missing = needed.find((name) => !columns.includes(name))
  if (missing) {
    const columns = needed.join(', ')
    throw invalid('csv', `has no column ${missing}; it needs ${columns}`, 'missing-column', { column: missing, columns })
  }
  if (rest.length === 0) throw invalid('csv', 'has a header and no rows', 'no-rows')
  if (rest.length > importRows)
    throw invalid('csv', `has more than ${importRows} rows: split it`, 'too-many-rows', { most: importRows })
  const rows = rest.map(({ record }, at): CsvRow => {
    const values: Record<string, string> = {}
    for (const [n, name] of columns.entries()) if (!ours.has(name)) values[name] = bare(record[n] ?? '')
    const over = record.slice(columns.length).some((cell) => cell.trim() !== '')
    const counts = { cells: record.length, columns: columns.length }
    const wrong: Fault = { message: `has ${counts.cells} cells, the header has ${counts.columns}`, code: 'cells', values: counts }
    return { row: at + 1, values, ...(over ? { wrong } : {}) }
  })
  return { columns: columns.filter((name) => !ours.has(name)), rows }
}
const said: Partial<Record<string, { words: string; code: FieldCode }>> = {
  CSV_QUOTE_NOT_CLOSED: { words: 'a quote is opened and not closed', code: 'quote-open' },
  CSV_INVALID_CLOSING_QUOTE: {
    words: 'after a closing quote comes neither a separator nor the end of the line',
    code: 'quote-closed',
  },
  INVALID_OPENING_QUOTE: { words: 'a quote stands inside a cell that does not begin with one', code: 'quote-inside' },
}
