import type { CodeSettings, Destination, FieldError } from '@postern/contract'
import { addressesIn } from './addresses-in-text.ts'

/** Whether a host is on a list: itself, or below one that is written `*.example.org`. */
const isListed = (hosts: readonly string[], host: string): boolean =>
  hosts.some((listed) => (listed.startsWith('*.') ? host.endsWith(listed.slice(1)) : host === listed))

const addressesOf = (destination: Destination): [path: string, address: string][] => {
  switch (destination.type) {
    case 'url':
      return [['destination.url', destination.url]]
    case 'text':
      return []
    case 'platform':
      return (['ios', 'android', 'otherwise'] as const).flatMap((name) => {
        const address = destination[name]
        return address === undefined ? [] : [[`destination.${name}`, address] as [string, string]]
      })
  }
}

/** Why Settings → Codes does not let a link code lead there; undefined: it may. */
export const whyNotLink = (destination: Destination, { linkHosts }: Pick<CodeSettings, 'linkHosts'>): FieldError | undefined => {
  if (linkHosts.length === 0) return undefined
  for (const [path, address] of addressesOf(destination)) {
    const { hostname } = new URL(address)
    if (!isListed(linkHosts, hostname))
      return {
        path,
        message: `${hostname} is not a host that links may lead to: Settings → Codes lists ${linkHosts.join(', ')}`,
        code: 'host-not-listed',
        values: { host: hostname, hosts: linkHosts.join(', ') },
      }
  }
  return undefined
}

/** Bytes of UTF-8 that a static symbol holds at the most: beyond it the modules get too fine for a print of 30 mm. */
const staticBytes = 300

/** Why a static code may not hold this (R23): it could be neither changed nor revoked. undefined: policy marks it low-risk. */
export const whyNotStatic = (
  destination: Destination,
  { staticText, staticHosts }: Pick<CodeSettings, 'staticText' | 'staticHosts'>,
  origins: readonly string[],
): FieldError | undefined => {
  if (destination.type === 'platform')
    return { path: 'destination', message: `a static code cannot choose by platform. ${instead}` }
  if (Buffer.byteLength(contentOf(destination)) > staticBytes)
    return {
      path: 'destination',
      message: `holds more than ${staticBytes} bytes. ${instead}, and its symbol stays small`,
      code: 'too-fine',
      values: { bytes: staticBytes },
    }
  const ours = new Set(origins.map((origin) => new URL(origin).hostname))
  if (destination.type === 'text') return whyNotText(destination.text, { staticText, staticHosts }, ours)
  const host = new URL(destination.url).hostname.replace(/\.$/, '')
  if (ours.has(host)) return { path: 'destination.url', ...ownAddress }
  return isListed(staticHosts, host)
    ? undefined
    : {
        path: 'destination.url',
        message: `${host} is not marked low-risk under Settings → Codes. ${instead}`,
        code: 'host-not-low-risk',
        values: { host },
      }
}
const instead = 'A link code can be changed and revoked after printing'
const ownAddress = { message: 'leads to Postern itself: no static code does', code: 'own-address' } as const

/**
 * Payments that have no scheme, by how each format begins: EPC069-12 (SEPA), Swiss QR-bill, UPN QR (Slovenia), EMV QRCPS,
 * Spayd (Czechia), and the 2D code of the Polish banks (ZBP), whose third cell is an account of 26 digits.
 */
const payment = /^\s*((BCD|SPC|UPNQR)\r?\n|000201\d{4}|SPD\*\d|\d{0,10}\|PL\|\d{26}\|)/

/** Nothing that a reader opens is plain text: no sign-in, payment or network by its scheme, no address that is not low-risk. */
const whyNotText = (
  text: string,
  { staticText, staticHosts }: Pick<CodeSettings, 'staticText' | 'staticHosts'>,
  ours: ReadonlySet<string>,
): FieldError | undefined => {
  const path = 'destination.text'
  const addresses = addressesIn(text, ours)
  const scheme =
    /^\s*([a-z][a-z0-9+.-]+):\S/i.exec(text)?.[1] ?? addresses.flatMap((each) => ('scheme' in each ? each.scheme : []))[0]
  if (scheme)
    return {
      path,
      message: `holds a ${scheme.toLowerCase()}: address, which is no plain text. ${instead}`,
      code: 'not-plain-text',
      values: { scheme: scheme.toLowerCase() },
    }
  if (payment.test(text))
    return { path, message: `holds a payment, which readers hand to a bank’s app. ${instead}`, code: 'payment' }
  if (!staticText)
    return { path, message: `text is not marked low-risk under Settings → Codes. ${instead}`, code: 'text-not-low-risk' }
  const hosts = addresses.flatMap((each) => ('host' in each ? each.host : []))
  const host = hosts.find((each) => ours.has(each) || !isListed(staticHosts, each))
  if (host === undefined) return undefined
  return ours.has(host)
    ? { path, ...ownAddress }
    : {
        path,
        message: `holds ${host}, which readers take for an address, and which is not marked low-risk under Settings → Codes. If it is none, a blank behind its dot makes it text. ${instead}`,
        code: 'text-holds-address',
        values: { host },
      }
}
/** What the symbol of a static code holds. */
export const contentOf = (destination: Exclude<Destination, { type: 'platform' }>): string =>
  destination.type === 'url' ? destination.url : destination.text

/**
 * Where an opening goes: phones to their app store, by what the browser says of its platform. As a header takes it: a host
 * in its ASCII form, other letters as escaped UTF-8.
 */
export const leadsTo = (destination: Exclude<Destination, { type: 'text' }>, platform: string): string =>
  new URL(addressFor(destination, platform)).href
const addressFor = (destination: Exclude<Destination, { type: 'text' }>, platform: string): string => {
  if (destination.type === 'url') return destination.url
  const own = platform === 'iOS' ? destination.ios : platform === 'Android' ? destination.android : undefined
  return own ?? destination.otherwise
}
