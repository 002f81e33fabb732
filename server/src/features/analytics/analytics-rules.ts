import type { Grain } from '@postern/contract'
import { minuteCellDays } from './rollup-store.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const units = { m: minute, h: hour, d: day } as const
const longestDays = 732
const [earliest, latest] = [Date.UTC(1000), Date.UTC(9999)]

/** Minutes a zone is ahead of UTC at an instant. */
const offsetAt = (zone: string, at: number): number => {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(at)
  const [, sign, hours, minutes] =
    /^GMT([+-])(\d\d):(\d\d)/.exec(parts.find(({ type }) => type === 'timeZoneName')?.value ?? '') ?? []
  return sign ? Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) : 0
}
/**
 * When the day of `at` began in a zone; `days` later or earlier. Counts are kept by the hour of UTC, so where a zone is off by
 * part of an hour its days begin with the hour that holds their midnight.
 */
const startOfDay = (zone: string, at: number, days = 0): number => {
  const local = Math.floor((at + offsetAt(zone, at) * minute) / day) * day + days * day
  // by the offset there, which is not the one here where a clock was changed between
  const guess = local - offsetAt(zone, local) * minute
  const start = local - offsetAt(zone, guess) * minute
  return Math.floor(start / hour) * hour
}

/** A period in cells: `starts` of each, in milliseconds, and the end of the last. */
export type Period = { grain: Grain; starts: number[]; from: number; to: number }

/**
 * The cells of a period: its grain follows from its span, and from its age, for cells of a minute are not kept for ever.
 * What is relative ends with the cell of now; an instant is widened to whole cells. Undefined: no period at all, one of more than
 * two years, or one at the ends of the years that RFC 3339 can write, whose cells would reach beyond them.
 */
export const periodOf = (from: string, to: string | undefined, zone: string, now: number): Period | undefined => {
  const [, count, unit] = /^-(\d+)([mhd])$/.exec(from) ?? []
  const end = to === undefined ? now : Date.parse(to)
  const span = unit ? Number(count) * units[unit as 'm'] : end - Date.parse(from)
  const begin = end - span
  if (!(span > 0) || span > longestDays * day || begin < earliest || end > latest) return undefined
  if (span > 3 * day) {
    const first = unit ? startOfDay(zone, end, 1 - Math.ceil(span / day)) : startOfDay(zone, begin)
    const starts: number[] = []
    // a little past midnight of each next day, however long the one before
    for (let at = first; at < end; at = startOfDay(zone, at + hour, 1)) starts.push(at)
    return { grain: 'day', starts, from: first, to: startOfDay(zone, end - 1, 1) }
  }
  const fine = span <= 3 * hour && begin > now - (minuteCellDays - 1) * day
  const cell = fine ? minute : hour
  const last = Math.ceil(end / cell) * cell
  const first = unit ? last - Math.ceil(span / cell) * cell : Math.floor(begin / cell) * cell
  const starts = Array.from({ length: Math.round((last - first) / cell) }, (_, at) => first + at * cell)
  return { grain: fine ? 'minute' : 'hour', starts, from: first, to: last }
}
