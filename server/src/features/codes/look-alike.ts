import { domainToUnicode } from 'node:url'

/** Why an address is or is not one of ours; the words for people are the page's, by these names. */
export type Reason =
  | 'holds-key'
  | 'no-address'
  | 'foreign'
  | 'user-name-before-host'
  | 'wrong-port'
  | 'http-for-https'
  | 'look-alike-letters'
  | 'near-miss'
  | 'other-ending'
  | 'our-name-in-theirs'
  | 'our-name-in-path'
  | 'hidden-characters'
  | 'no-code-of-ours'
/** `marks`: which characters of `theirs` differ from `ours`. */
export type Difference = { theirs: string; ours: string; marks: number[] }
export type Judged =
  | { is: 'ours'; id: string; secret: string | undefined }
  | { is: 'not-ours'; reasons: Reason[] }
  | { is: 'look-alike'; reasons: Reason[]; difference?: Difference }

/**
 * Signs that are taken for a Latin letter or a digit, by what they are taken for: the commoner rows of Unicode TR39's
 * confusables (Cyrillic, Greek, Armenian, fullwidth, digits), and pairs of letters that run together on a screen.
 */
const confusable: Record<string, string> = {
  a: 'аαɑａ',
  b: 'ЬƄｂ',
  c: 'сϲⅽｃ',
  d: 'ԁⅾɗｄ',
  e: 'еҽεｅ',
  f: 'ſẝｆ',
  g: 'ɡցｇ',
  h: 'һհｈ',
  i: 'іιıɩ1lⅼ|ｉíìï',
  j: 'јϳｊ',
  k: 'кκｋ',
  m: 'мⅿｍ',
  n: 'ոռпｎ',
  o: 'оοօ0ｏöóò',
  p: 'рρｐ',
  q: 'ԛգｑ',
  r: 'гɾｒ',
  s: 'ѕꜱｓ5',
  t: 'тτｔ',
  u: 'υսцｕüúù',
  v: 'νѵⅴｖ',
  w: 'ԝաωｗ',
  x: 'хχⅹｘ',
  y: 'уүγｙ',
  z: 'ᴢｚ',
  '-': '‐‑‒–—−_',
}
const takenFor = new Map(
  Object.entries(confusable).flatMap(([letter, signs]) => [...signs].map((sign) => [sign, letter] as const)),
)
/** What a hurried eye reads: confusable signs as the letters they are taken for. */
export const skeleton = (host: string): string =>
  [...host.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '')]
    .map((sign) => takenFor.get(sign) ?? sign)
    .join('')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replaceAll('cl', 'd')

/** Steps of the shortest way from one text to another (Levenshtein), and which characters of the first it touches. */
const distance = (from: string, to: string): { steps: number; touched: number[] } => {
  const [a, b] = [[...from], [...to]]
  const table = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  )
  const at = (i: number, j: number): number => table[i]?.[j] as number
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++)
      (table[i] as number[])[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1))
  const touched = new Set<number>()
  for (let i = a.length, j = b.length; i > 0 || j > 0; ) {
    if (i > 0 && j > 0 && at(i, j) === at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)) {
      if (a[i - 1] !== b[j - 1]) touched.add(i - 1)
      i--
      j--
    } else if (i > 0 && at(i, j) === at(i - 1, j) + 1) touched.add(--i)
    else {
      // one is missing: the neighbours of the gap are what to look at
      touched.add(Math.max(0, Math.min(i, a.length - 1)))
      j--
    }
  }
  return { steps: at(a.length, b.length), touched: [...touched].sort((x, y) => x - y) }
}

const isPlainHost = (host: string): boolean => host === 'localhost' || /^[\d.]+$/.test(host) || host.startsWith('[')
/** How near a name must be to ours to be no accident: one letter, two in a long name. */
const nearness = (host: string): number => (host.length >= 12 ? 2 : 1)

/** Why a host is a look-alike of ours; undefined: it is just another one. */
const resembles = (theirs: string, ours: string): Reason | undefined => {
  if (isPlainHost(ours)) return undefined
  if (skeleton(theirs) === skeleton(ours)) return 'look-alike-letters'
  const dashed = ours.replaceAll('.', '-')
  if (theirs.startsWith(`${ours}.`) || theirs.includes(`.${ours}.`) || theirs.includes(dashed)) return 'our-name-in-theirs'
  const name = (host: string): string => host.slice(0, host.lastIndexOf('.'))
  if (name(theirs) === name(ours) && name(ours).length >= 4) return 'other-ending'
  return distance(skeleton(theirs), skeleton(ours)).steps <= nearness(ours) ? 'near-miss' : undefined
}

/** Signs that are not seen, and those that turn the direction of writing. */
const hidden = /[\p{Cf}\p{Cc}\u115f\u1160\u3164\uffa0]/u
const codePath = /^\/c\/(cod_[0-7][0-9a-hjkmnp-tv-z]{25})$/
/** Percent signs read as the server reads them before it looks for the page; of other signs no address of a code is made. */
const plainly = (path: string): string =>
  path.replace(/%[0-9a-f]{2}/gi, (escaped) => {
    const sign = String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    return /\w/.test(sign) ? sign : escaped
  })
/** For eyes: what is no UTF-8 stays as it is written. */
const decoded = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped)
    } catch {
      return escaped
    }
  })

/** Judges what a symbol holds by its text alone: nothing is opened, fetched or resolved. `origins`: ours, the public one first. */
export const judge = (content: string, origins: readonly string[]): Judged => {
  const text = content.trim()
  const plain = text.replace(/[\p{Cf}\p{Cc}]/gu, '')
  const seen: Reason[] = hidden.test(text) ? ['hidden-characters'] : []
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(plain)?.[1]?.toLowerCase()
  if (scheme === 'otpauth' || scheme === 'otpauth-migration') return { is: 'not-ours', reasons: ['holds-key', ...seen] }
  // without a scheme readers guess https
  const address =
    scheme === 'http' || scheme === 'https' ? plain : /^[^\s/:]+\.[^\s/:]+/.test(plain) ? `https://${plain}` : undefined
  const url = address === undefined ? null : URL.parse(address)
  if (!address || !url) return { is: 'not-ours', reasons: ['no-address', ...seen] }
  // also https://id.example\@evil.example, of which readers disagree whether what stands before the @ is a name or the server
  const named = /^https?:[/\\]*[^/?#]*@/i.test(address)
  const own = origins.find((origin) => origin === url.origin)
  if (own && !named) {
    // what others hang on as a query changes nothing of what opens
    const id = codePath.exec(plainly(url.pathname))?.[1]
    if (!id) return { is: 'not-ours', reasons: ['no-code-of-ours', ...seen] }
    return { is: 'ours', id, secret: url.hash === '' ? undefined : url.hash.slice(1) }
  }
  const theirs = domainToUnicode(url.hostname) || url.hostname
  for (const origin of origins) {
    const ours = new URL(origin)
    if (named) {
      const before = decoded(`${url.username}:${url.password}`)
      if (before.includes(ours.hostname) || url.hostname === ours.hostname)
        return { is: 'look-alike', reasons: ['user-name-before-host', ...seen] }
    }
    if (url.hostname === ours.hostname) {
      const reasons: Reason[] = []
      if (ours.protocol === 'https:' && url.protocol === 'http:') reasons.push('http-for-https')
      if ((url.port || defaultPort(url)) !== (ours.port || defaultPort(ours)) && (url.port !== '' || ours.port !== ''))
        reasons.push('wrong-port')
      return { is: 'look-alike', reasons: [...(reasons.length > 0 ? reasons : (['wrong-port'] as Reason[])), ...seen] }
    }
    const why = resembles(theirs, ours.hostname)
    if (why)
      return {
        is: 'look-alike',
        reasons: [why, ...seen],
        difference: { theirs, ours: ours.hostname, marks: distance(theirs, ours.hostname).touched },
      }
    if (!isPlainHost(ours.hostname) && `${url.pathname}${url.search}`.includes(ours.hostname))
      return { is: 'look-alike', reasons: ['our-name-in-path', ...seen] }
  }
  return { is: 'not-ours', reasons: ['foreign', ...(named ? (['user-name-before-host'] as Reason[]) : []), ...seen] }
}
const defaultPort = ({ protocol }: URL): string => (protocol === 'https:' ? '443' : '80')
