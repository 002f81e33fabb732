import ipaddr from 'ipaddr.js'

/** An address; a mapped IPv4 is IPv4. Undefined where it is none. */
export const parseAddress = (text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined =>
  ipaddr.isValid(text) ? ipaddr.process(text) : undefined

/** Addresses are written as the edge writes them (RFC 5952), where a mapped IPv4 is IPv4. */
export const isIPv6 = (address: string): boolean => address.includes(':')

export const ipv6Network = (address: string, bits: number): string =>
  `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`)}/${bits}`
