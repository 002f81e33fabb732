const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `-24h` of an address as milliseconds; undefined where it is an instant, or nothing we know. */
const span = (text: string): number | undefined => {
  const [, count, unit] = /^-(\d{1,4})([mhd])$/.exec(text) ?? []
  return unit ? Number(count) * units[unit as 'm'] : undefined
}
/** The instant that `from` or `to` of the address stands for: `-24h`, or a time of its own. */
export const instantOf = (text: string | undefined, now: number): string | undefined => {
  if (!text) return undefined
  const ago = span(text)
  const at = ago === undefined ? Date.parse(text) : now - ago
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}
export const isRelative = (text: string): boolean => span(text) !== undefined
export const spans = ['-1h', '-24h', '-7d', '-30d'] as const
/** What a field of type datetime-local takes: local time without a zone. */
export const localValue = (at: string): string => {
  const date = new Date(at)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
