/** A rough judgement while typing; the word lists of the console would not fit here. The server decides what it takes. */
export type Strength = 'weak' | 'fair' | 'good' | 'strong'
const rows = 'qwertyuiopasdfghjklzxcvbnm1234567890abcdefghijklmnopqrstuvwxyz'

export const strengthOf = (password: string, names: readonly string[]): Strength => {
  let text = password.toLowerCase()
  for (const name of names) if (name.length > 2) text = text.replaceAll(name.toLowerCase(), '')
  // What repeats, or follows the row before it, adds little.
  let worth = 0
  for (let at = 0; at < text.length; at++) {
    const pair = text.slice(at - 1, at + 1)
    const known = text.indexOf(text.slice(at, at + 3)) < at || (pair.length === 2 && (rows.includes(pair) || pair[0] === pair[1]))
    worth += known ? 0.4 : 1
  }
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\d/, /[^\p{L}\d]/u].filter((kind) => kind.test(password)).length
  const score = worth * (0.85 + kinds * 0.1)
  return new Set(text).size < 6 || score < 10 ? 'weak' : score < 14 ? 'fair' : score < 19 ? 'good' : 'strong'
}
