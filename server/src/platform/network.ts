import ipaddr from 'ipaddr.js'

/** An address as the edge writes it (RFC 5952; a mapped IPv4 is IPv4); what is none stays as it is. */
export const writtenAddress = (text: string): string => (ipaddr.isValid(text) ? ipaddr.process(text).toString() : text)

/** Addresses are written as the edge writes them (RFC 5952), where a mapped IPv4 is IPv4. */
export const isIPv6 = (address: string): boolean => address.includes(':')

export const ipv6Network = (address: string, bits: number): string =>
  `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`)}/${bits}`
