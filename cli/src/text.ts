/**
 * Text of others for a terminal: control characters (also those of C1, and the marks that reverse the direction of
 * writing) are shown, not obeyed. People and strangers choose what stands in names and user agents.
 */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\ufffd')

/** JSON on one line; what JSON.stringify leaves of control characters is escaped. */
export const jsonLine = (value: unknown): string => `${safeJson(JSON.stringify(value))}\n`
export const safeJson = (json: string): string =>
  json.replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Columns as wide as their widest cell, under a head; every cell printable. */
export const columns = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const all = [head, ...rows.map((row) => row.map((cell) => printable(cell) || '-'))]
  const widths = head.map((_, at) => Math.max(...all.map((row) => (row[at] ?? '').length)))
  return all
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] as number))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** An instant to the minute, in UTC. */
export const minute = (instant: string | null): string => (instant ? `${instant.slice(0, 16).replace('T', ' ')}Z` : '-')
