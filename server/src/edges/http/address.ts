import ipaddr from 'ipaddr.js'
import { parseAddress } from '../../platform/network.ts'
import { remember } from '../../platform/remember.ts'

type Trusted = (address: string) => boolean
/** About a megabyte each. */
const mostRemembered = 10_000
type Range = [ipaddr.IPv4 | ipaddr.IPv6, number]

/** Whether an address lies in one of the configured CIDRs. Hop counts are not trust. */
export const trustedProxies = (cidrs: readonly string[]): Trusted => {
  const ranges = cidrs.map((cidr): Range => {
    if (cidr.includes('/')) return ipaddr.parseCIDR(cidr)
    const address = ipaddr.parse(cidr)
    return [address, address.kind() === 'ipv4' ? 32 : 128]
  })
  return remember(mostRemembered, (text) => {
    const address = parseAddress(text)
    return (
      address !== undefined &&
      ranges.some(([range, bits]) => range.kind() === address.kind() && address.match(range as never, bits as never))
    )
  })
}
/** As it goes on record: a connection asks for each of its requests. */
const normal = remember(mostRemembered, (text) => parseAddress(text)?.toString())

/** `for=` of RFC 7239 §4, quotes, brackets and port taken off; undefined for obfuscated or unknown ones. */
const forwardedFor = (header: string): (string | undefined)[] =>
  header.split(',').map((element) => {
    const value = /(?:^|;)\s*for\s*=\s*("[^"]*"|[^;\s]*)/i.exec(element)?.[1]?.replaceAll('"', '')
    return value === undefined ? undefined : withoutPort(value)
  })
/** No address with brackets, zone and port is longer: what is has no place in memory. */
const longest = 80
const withoutPort = (value: string): string | undefined => (value.length > longest ? undefined : addressOf(value))
const addressOf = remember(mostRemembered, (value): string | undefined => {
  const bare =
    /^\[([^\]]+)\](?::\d+)?$/.exec(value)?.[1] ?? (/^[\d.]+:\d+$/.test(value) ? value.slice(0, value.indexOf(':')) : value)
  return parseAddress(bare)?.toString()
})

/** A header that came several times is one list (RFC 9110 §5.3). */
const oneOf = (header: string | string[] | undefined): string =>
  typeof header === 'string' ? header : (header ?? []).filter(Boolean).join(',')

/**
 * Whose call it is: the peer, or, where the peer is a trusted proxy, the nearest address of its headers that is none.
 * Headers of anybody else are ignored (threat 32). Where both are there, `X-Forwarded-For` counts: most proxies set
 * that one only, and pass on what the client said in the other.
 */
export const clientAddress = (
  peer: string | undefined,
  headers: { forwarded?: string | string[] | undefined; 'x-forwarded-for'?: string | string[] | undefined },
  trusted: Trusted,
): string | null => {
  const own = peer === undefined ? undefined : normal(peer)
  if (own === undefined) return null
  if (!trusted(own)) return own
  const forwarded = oneOf(headers.forwarded)
  const xff = oneOf(headers['x-forwarded-for'])
  const hops = xff ? xff.split(',').map((hop) => withoutPort(hop.trim())) : forwarded ? forwardedFor(forwarded) : []
  let nearest = own
  for (const hop of hops.reverse()) {
    if (hop === undefined) return nearest
    nearest = hop
    if (!trusted(hop)) return hop
  }
  return nearest
}
