import { Button } from '@mantine/core'
import { useThrottledValue } from '@mantine/hooks'
import type { Event } from '@postern/contract'
import { useRef } from 'react'
import { Trans, useTranslation } from 'react-i18next'
import { useNow } from '../../ui/now.ts'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import style from './EventsPage.module.css'

/**
 * How live the list is, in a place of its own that never changes its size: live, paused since when, or how many rows wait.
 * Read out in one sentence, at most every five seconds.
 */
export const LiveState = ({
  live,
  since,
  waiting,
  more,
  onShow,
}: {
  live: boolean
  since: number
  waiting: readonly Event[]
  /** More came than are kept here. */
  more: boolean
  onShow: () => void
}) => {
  const { t } = useTranslation('events')
  const place = useRef<HTMLDivElement>(null)
  const now = useNow()
  const paused = !live && now - since > 3_000
  const denied = waiting.filter(({ outcome }) => outcome === 'denied').length
  const said = useThrottledValue(
    waiting.length === 0
      ? ''
      : [t('fresh', { count: waiting.length }), denied > 0 && t('ofThemDenied', { count: denied })].filter(Boolean).join(', '),
    5_000,
  )
  return (
    <div ref={place} className={style.live} tabIndex={-1}>
      {paused && (
        <span role="status" className={style.paused}>
          <StateBadge look="caution">
            <span className={style.words}>
              <Trans t={t} i18nKey="paused" components={{ time: <TimeText at={new Date(since).toISOString()} as="clock" /> }} />
            </span>
          </StateBadge>
        </span>
      )}
      {waiting.length > 0 ? (
        <Button
          variant="default"
          size="xs"
          onClick={() => {
            onShow()
            // The button goes away with its rows: the focus stays in its place.
            place.current?.focus({ preventScroll: true })
          }}
        >
          {more ? t('freshMany', { count: waiting.length }) : t('fresh', { count: waiting.length })}
        </Button>
      ) : (
        live && <StateBadge look="active">{t('live')}</StateBadge>
      )}
      <span role="status" className="sr-only">
        {said}
      </span>
    </div>
  )
}
