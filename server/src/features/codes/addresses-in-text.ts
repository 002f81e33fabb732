/** Letters, digits and hyphens between dots, in any script; a port; and the rest of the word, where that makes it an address. */
const named = /(?<![\p{L}\p{M}\p{N}._-])((?:[\p{L}\p{M}\p{N}_-]+\.)*[\p{L}\p{M}\p{N}_-]+)\.?(:\d{1,5}(?!\d))?(\/\S*|[?#]\S+)?/giu
const whole = /([a-z][a-z0-9+.-]*):\/\/\S*/giu
/** The last part of a host that everybody can reach: no number, so that a version is none. */
const ending = /\.(?:xn--[a-z0-9-]+|[\p{L}\p{M}]{2,})$/iu
/** Endings of files that are no top-level domains: what ends so leads nowhere. */
const fileEnding = /\.(?:csv|docx?|gif|html?|jpe?g|json|js|mp[34]|od[pst]|pdf|png|pptx?|svg|txt|xlsx?|xml)$/i

const hostOf = (address: string): string | undefined => URL.parse(address)?.hostname.replace(/\.$/, '')
/** Of a web address its host counts, of others their scheme. */
type Address = { host: string } | { scheme: string }

/**
 * What readers of symbols, or the phones that show a text, offer to open of it: all that has a scheme; a host with a port or a
 * path behind it, or `www.` before it; a host that is all the text. A host in passing, in a sentence, is a word like others,
 * for a blank forgotten behind a full stop looks the same; so is a mail address. Of `ours` its name is enough.
 */
export const addressesIn = (typed: string, ours: ReadonlySet<string>): Address[] => {
  const text = typed.trim()
  const found: Address[] = []
  const rest = text.replace(whole, (address, scheme: string) => {
    const host = hostOf(address)
    if (!/^https?$/i.test(scheme)) found.push({ scheme })
    else if (host) found.push({ host })
    return ' '
  })
  for (const { 0: all, 1: name = '', 2: port, 3: path, index } of rest.matchAll(named)) {
    const leads = port !== undefined || path !== undefined
    if (!leads && rest[index - 1] === '@') continue
    const host = hostOf(`https://${name}`)
    if (!host) continue
    const own = ours.has(host) && (leads || name.includes('.'))
    const foreign = ending.test(name) && !fileEnding.test(name) && (leads || /^www\./i.test(name) || all === text)
    if (own || foreign) found.push({ host })
  }
  return found
}
