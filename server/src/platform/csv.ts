/** A cell that a spreadsheet would take for a formula is prefixed with ' (threat 52); quotes by RFC 4180. */
const cell = (value: string): string => {
  const safe = /^[=+\-@\t\r\0]/.test(value) ? `'${value}` : value
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
/** One line of a CSV file, by RFC 4180. */
export const csvRow = (values: readonly string[]): string => `${values.map(cell).join(',')}\r\n`
