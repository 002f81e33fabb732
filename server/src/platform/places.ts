import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type CityResponse, Reader } from 'mmdb-lib'
import type { Place } from './actor.ts'
import { remember } from './remember.ts'

export type Places = (address: string | null) => Place | null

/** The bundled database is flat, others follow MaxMind's layout. */
type PlaceRecord = Partial<CityResponse> & { country_code?: string }

/**
 * Looks up where an address is. The bundled database knows countries (CC0; NRO statistics, CC BY 4.0);
 * an operator's .mmdb may know cities. Unknown is null, never a guess.
 */
export const openPlaces = (content: Buffer | undefined): Places => {
  const bundled = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'
  const reader = new Reader<CityResponse>(content ?? readFileSync(createRequire(import.meta.url).resolve(bundled)))
  const look = (address: string): Place | null => {
    let record: PlaceRecord | null
    try {
      record = reader.get(address)
    } catch {
      return null
    }
    const country = record?.country?.iso_code ?? record?.country_code
    if (!country) return null
    const city = record?.city?.names?.en
    const { latitude, longitude } = record?.location ?? {}
    return {
      country,
      ...(city ? { city } : {}),
      ...(latitude !== undefined && longitude !== undefined ? { lat: latitude.toFixed(2), lon: longitude.toFixed(2) } : {}),
    }
  }
  const lookOnce = remember(5_000, look)
  return (address) => (address ? lookOnce(address) : null)
}
