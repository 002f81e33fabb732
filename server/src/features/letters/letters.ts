import { symbolSvg } from '../symbols/index.ts'
import { Sheet } from './sheet.ts'
import { type Language, words } from './words.ts'

/** Millimetres: a symbol of 45 mm is read from a hand's distance by any camera. */
const symbolMm = 45
const small = { size: 9, colour: '#4c575c' }
const time = (at: string, locale: string): string =>
  `${new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(new Date(at))} UTC`

/** Where a name has letters that were printed as numbers, what those are. */
const tellOfNumbers = (sheet: Sheet, language: Language): void => {
  if (sheet.hasNumbers) sheet.line(words[language].numbers, small)
}

/** A letter (PDF, A4) with one code: symbol, address, what to do, until when. Never the activation number. */
export const codeLetter = async (
  language: Language,
  letter: { issuer: string; name: string; url: string; expiresAt: string; factor: 'totp' | 'device' },
): Promise<Buffer> => {
  const { code: say, locale } = words[language]
  const { issuer, name, url, expiresAt, factor } = letter
  const sheet = new Sheet(`${say.title}, ${issuer}`, language)
  sheet.line(issuer, { size: 11, bold: true, colour: '#066278' })
  sheet.gap(10)
  sheet.line(say.title, { size: 24, bold: true })
  sheet.line(name, { size: 14 })
  sheet.gap(4)
  sheet.text(say.lead(issuer, name))
  sheet.gap(6)
  sheet.symbol(symbolSvg(url), symbolMm)
  sheet.gap(4)
  sheet.line(say.address, small)
  // the address is typed from paper: every sign must be told from every other
  sheet.address(url)
  sheet.gap(4)
  sheet.line(say.until(time(expiresAt, locale)), { bold: true })
  sheet.gap(6)
  for (const [at, step] of [...say.steps, say.last[factor]].entries()) sheet.text(step, `${at + 1}.`)
  sheet.gap(6)
  sheet.text(say.warning)
  tellOfNumbers(sheet, language)
  return sheet.done()
}

/** A person's fresh recovery codes on paper; made at the moment they are shown, for themselves. */
export const recoveryLetter = async (
  language: Language,
  { issuer, name, codes }: { issuer: string; name: string; codes: readonly string[] },
): Promise<Buffer> => {
  const { recovery: say, locale } = words[language]
  const sheet = new Sheet(`${say.title}, ${issuer}`, language)
  sheet.line(issuer, { size: 11, bold: true, colour: '#066278' })
  sheet.gap(10)
  sheet.line(say.title, { size: 24, bold: true })
  sheet.gap(4)
  sheet.text(say.lead(issuer, name))
  sheet.gap(6)
  for (const code of codes) {
    sheet.address(code)
    sheet.gap(1)
  }
  sheet.gap(6)
  sheet.text(say.keep)
  sheet.line(say.made(time(new Date().toISOString(), locale)), small)
  tellOfNumbers(sheet, language)
  return sheet.done()
}
