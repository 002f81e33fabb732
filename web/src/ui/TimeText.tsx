import { Tooltip } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { localeOf } from './locale.ts'
import { useNow, useSlowNow } from './now.ts'
import { usePreferences } from './preferences.ts'
import { ago, clockOf, dayAndMinute, dayOf, fullTime, minutesAndSeconds } from './times.ts'

/**
 * An instant. `list`: "3 min", "2 h", "18 Nov"; `clock`: to the second (with the day when it is not today); `detail`: to the
 * millisecond with zone; `moment`: day and minute. Hover shows the whole time, the zone, and UTC.
 */
export const TimeText = ({ at, as = 'list' }: { at: string; as?: 'list' | 'clock' | 'detail' | 'moment' }) => {
  const { t, i18n } = useTranslation()
  const { utc } = usePreferences()
  const now = useSlowNow()
  const words = { locale: localeOf(i18n.language), utc }
  const today = new Date(at).toDateString() === new Date(now).toDateString()
  const text =
    as === 'list'
      ? (ago(at, now, words) ?? t('time.justNow'))
      : as === 'clock'
        ? today
          ? clockOf(at, words)
          : `${dayOf(at, words, now)} ${clockOf(at, words)}`
        : as === 'moment'
          ? dayAndMinute(at, words)
          : fullTime(at, words)
  return (
    <Tooltip
      label={
        <>
          {fullTime(at, { ...words, utc: false })}
          <br />
          {fullTime(at, { ...words, utc: true })}
        </>
      }
      events={{ hover: true, focus: true, touch: true }}
    >
      <time dateTime={at} className="nowrap">
        {text}
      </time>
    </Tooltip>
  )
}

/**
 * Counts down to an instant ("in 4 min"), in amber in the last tenth of its life. Told to screen readers at 30 and 10 seconds.
 * `from` is when that life began; `ended` is said when it is over.
 */
export const CountDown = ({ to, from, ended }: { to: string; from?: string; ended: string }) => {
  const { t } = useTranslation()
  const now = useNow()
  const left = Math.ceil((Date.parse(to) - now) / 1000)
  const life = from ? (Date.parse(to) - Date.parse(from)) / 1000 : 600
  const announced = left <= 10 ? 10 : left <= 30 ? 30 : undefined
  if (left <= 0) return <span className="t2">{ended}</span>
  const text =
    left >= 86_400
      ? t('time.inDays', { count: Math.floor(left / 86_400) })
      : left >= 3600
        ? t('time.inHours', { count: Math.floor(left / 3600) })
        : t('time.inClock', { clock: minutesAndSeconds(left) })
  return (
    <>
      <time dateTime={to} role="timer" data-ends={left <= life / 10 ? '' : undefined} className="countdown">
        {text}
      </time>
      <span role="status" className="sr-only">
        {announced === undefined ? '' : t('time.left', { count: announced })}
      </span>
    </>
  )
}
