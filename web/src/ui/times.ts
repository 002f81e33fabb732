/** How instants are written (screens.md §4): lists relative, then day and month; events to the second; detail to the millisecond. */
type Words = { locale: string; utc: boolean }
const zoneOf = ({ utc }: Words) => (utc ? { timeZone: 'UTC' } : {})
const sameYear = (a: Date, b: Date) => a.getFullYear() === b.getFullYear()

export const dayOf = (instant: string, words: Words, now = Date.now()): string => {
  const date = new Date(instant)
  const year = sameYear(date, new Date(now)) ? {} : { year: 'numeric' as const }
  return new Intl.DateTimeFormat(words.locale, { day: 'numeric', month: 'short', ...year, ...zoneOf(words) }).format(date)
}
export const clockOf = (instant: string, words: Words, digits: 0 | 3 = 0): string =>
  new Intl.DateTimeFormat(words.locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    ...(digits ? { fractionalSecondDigits: digits } : {}),
    ...zoneOf(words),
  }).format(new Date(instant))
export const minuteOf = (instant: string, words: Words): string =>
  new Intl.DateTimeFormat(words.locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...zoneOf(words) }).format(
    new Date(instant),
  )
/** "18 Nov, 09:41", with the year where it is another one. */
export const dayAndMinute = (instant: string, words: Words): string => `${dayOf(instant, words)}, ${minuteOf(instant, words)}`
/** The whole of it, for tooltips and details: "Tue 24 Nov 2026, 03:13:51.204 GMT+1". */
export const fullTime = (instant: string, words: Words): string =>
  new Intl.DateTimeFormat(words.locale, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
    timeZoneName: 'short',
    ...zoneOf(words),
  }).format(new Date(instant))

/** "3 min", "2 h", else the day. Under a minute: undefined, so that the caller says "just now" in its language. */
export const ago = (instant: string, now: number, words: Words): string | undefined => {
  const seconds = Math.round((now - Date.parse(instant)) / 1000)
  if (seconds < 60) return undefined
  // The signs of the units are the same in both languages.
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return dayOf(instant, words, now)
}
/** "4:05" of a number of seconds. */
export const minutesAndSeconds = (seconds: number): string => {
  const whole = Math.max(0, Math.ceil(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
