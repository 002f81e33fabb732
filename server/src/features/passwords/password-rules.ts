import type { FieldCode } from '@postern/contract'
import { dictionary } from '@zxcvbn-ts/language-common'

/** Passwords that attackers try first: the list of zxcvbn-ts, some 49,000. */
const common = new Set<string>(dictionary['passwords-common'] as string[])
const rows = [
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'yxcvbnm',
  '1234567890',
  'abcdefghijklmnopqrstuvwxyz',
]

/** By the names of the contract’s codes of a field. */
export type Weakness = Extract<FieldCode, 'common' | 'names' | 'repeats' | 'sequence'>
export const weaknessInWords: Record<Weakness, string> = {
  common: 'is on the list of passwords that attackers try first',
  names: 'is made of a name that is easy to guess: yours, the product’s or the organisation’s',
  repeats: 'repeats itself',
  sequence: 'is a row of keys or a sequence',
}

/** One spelling of a password for the hash (NIST SP 800-63B-4 §3.1.1.2: NFKC or NFC). */
export const normalisePassword = (password: string): string => password.normalize('NFKC')

/**
 * Why a new password is refused; undefined: it is not. Length is the contract's business; there are no composition rules
 * (NIST SP 800-63B-4 §3.1.1.2). `names`: of the person, the product and the brand.
 */
export const weaknessOf = (password: string, names: readonly string[]): Weakness | undefined => {
  const text = normalisePassword(password).toLowerCase()
  const letters = text.replace(/[^\p{L}\p{N}]/gu, '')
  if (common.has(text) || common.has(letters) || isCommonAndCounting(letters)) return 'common'
  if (repeats(text) || repeats(letters)) return 'repeats'
  if (isSequence(letters)) return 'sequence'
  const rest = words(names).reduce((left, name) => left.replaceAll(name, ''), letters)
  // what is left beside the names must stand on its own
  if (rest.length < letters.length && (rest.length < 8 || isSequence(rest) || repeats(rest) || common.has(rest))) return 'names'
  return undefined
}

/** A common password, and then only counting or repeating: `password123456789`. */
const isCommonAndCounting = (letters: string): boolean => {
  const [, word, rest] = /^(\D+)(\d*)$/.exec(letters) ?? []
  return (
    word !== undefined &&
    common.has(word) &&
    (rest === '' || repeats(rest ?? '') || isSequence(rest ?? '') || (rest ?? '').length < 6)
  )
}

/** The names and their parts of three characters and more, longest first. */
const words = (names: readonly string[]): string[] =>
  [
    ...new Set(
      names.flatMap((name) =>
        [name, ...name.split(/[^\p{L}\p{N}]+/u)].map((word) => word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')),
      ),
    ),
  ]
    .filter((word) => word.length >= 3)
    .sort((a, b) => b.length - a.length)

/** A piece of at most a third of it, over and over; or hardly any different characters. */
const repeats = (text: string): boolean => {
  if (text.length < 6) return false
  if (new Set(text).size <= 3) return true
  for (let period = 1; period <= text.length / 2; period++)
    if (
      text ===
      text
        .slice(0, period)
        .repeat(Math.ceil(text.length / period))
        .slice(0, text.length)
    )
      return true
  return false
}

/** Made of pieces of keyboard rows, the alphabet and counting, forwards or backwards, each of three or more. */
const isSequence = (text: string): boolean => {
  if (text.length < 6) return false
  let covered = 0
  for (let at = 0; at < text.length; ) {
    const run = longestRun(text, at)
    if (run >= 3) covered += run
    at += Math.max(run, 1)
  }
  return covered / text.length >= 0.8
}
const longestRun = (text: string, from: number): number => {
  let longest = 1
  for (const row of rows)
    for (const line of [row, [...row].reverse().join('')]) {
      const wrapped = line + line
      let run = 1
      for (
        let start = wrapped.indexOf(text[from] as string);
        start >= 0 && start < line.length;
        start = wrapped.indexOf(text[from] as string, start + 1)
      ) {
        let length = 0
        while (from + length < text.length && text[from + length] === wrapped[start + length]) length++
        run = Math.max(run, length)
      }
      longest = Math.max(longest, run)
    }
  return longest
}
