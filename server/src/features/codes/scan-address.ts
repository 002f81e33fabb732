import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { CodeSettings } from '@postern/contract'
import type { Source } from '../../platform/actor.ts'
import { uuid7Time } from '../../platform/ids.ts'
import { decrypt, encrypt, type Keys } from '../../platform/keys.ts'
import { ipv6Network, isIPv6 } from '../../platform/network.ts'
import { addressTag } from '../events/index.ts'
import type { KeptAddress } from './scans-store.ts'

/** The network that is kept of an address: /24 of IPv4, /48 of IPv6. */
export const networkOf = (address: string): string =>
  isIPv6(address) ? ipv6Network(address, 48) : `${address.slice(0, address.lastIndexOf('.'))}.0/24`

const hourMs = 3_600_000
const hourKeys = new WeakMap<KeyObject, Map<number, KeyObject>>()
/** A key an hour, so that one is used for no more rows than random IVs allow (SP 800-38D §8.3). */
const hourKey = (month: KeyObject, scanId: string): KeyObject => {
  const hour = Math.floor(uuid7Time(scanId) / hourMs)
  const derived = hourKeys.get(month) ?? new Map<number, KeyObject>()
  hourKeys.set(month, derived)
  const known = derived.get(hour)
  if (known) return known
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', month, Buffer.alloc(0), `postern/scan/${hour}`, 32)))
  derived.set(hour, key)
  return key
}
const aadOf = (scanId: string): string => `scan|${scanId}`

export type Keep = (scanId: string, source: Pick<Source, 'address' | 'place'>) => KeptAddress
/** How what a setting says is kept of where scans come from; who scans is nobody to us, so the month's key for strangers seals it. */
export const keeper = async (keys: Keys, setting: CodeSettings['scanAddresses']): Promise<Keep> => {
  if (setting === 'none') return () => ({ addressTag: null, sealed: null, city: '' })
  const { kid, key } = await keys.nobodyKey(new Date())
  const head = Buffer.alloc(4)
  head.writeUInt32BE(kid)
  return (scanId, { address, place }) => {
    const city = place?.city ?? ''
    if (address === null) return { addressTag: null, sealed: null, city }
    const kept = setting === 'full' ? address : networkOf(address)
    const sealed = Buffer.concat([head, encrypt(hourKey(key, scanId), Buffer.from(kept), aadOf(scanId))])
    return { addressTag: addressTag(keys, kept), sealed, city }
  }
}
/** The address of a scan, or its network; null where none was kept, or the month's key is gone. */
export const openAddress = async (keys: Keys, scanId: string, sealed: Buffer | null): Promise<string | null> => {
  if (!sealed) return null
  const kid = sealed.readUInt32BE(0)
  const key = await keys.keyById(kid)
  return key ? decrypt(hourKey(key, scanId), sealed.subarray(4), aadOf(scanId)).toString() : null
}
