import { type Event, listEvents } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Section } from '../../ui/Page.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useList } from '../calls.ts'
import style from './EventPage.module.css'
import { outcomeLook, useEventWords } from './words.ts'

/** What belongs to the life of a code; what was done in the session that it opened is another story. */
const ofCodes = ['code.', 'sign-in.', 'approval.', 'enrolment.', 'device.']
/** So many events, up to so long after this one. */
const [most, after] = [20, 15 * 60_000]

/** The events of the same code in the order in which they came, this one among them. Nothing where there is no other. */
export const WholeStory = ({ event }: { event: Event }) =>
  event.codeId && ofCodes.some((kind) => event.type.startsWith(kind)) ? <OfCode event={event} codeId={event.codeId} /> : null

const OfCode = ({ event, codeId }: { event: Event; codeId: string }) => {
  const { t } = useTranslation('events')
  const words = useEventWords()
  const to = new Date(Date.parse(event.time) + after).toISOString()
  const { rows = [] } = useList(listEvents, { codeId, type: ofCodes.join(','), to, limit: most })
  if (!rows.some(({ id }) => id === event.id) || rows.length < 2) return null
  return (
    <Section
      title={t('whole')}
      aside={
        <Link to="/events" search={{ codeId } as never}>
          {t('wholeAll')}
        </Link>
      }
    >
      <ol className={style.whole}>
        {[...rows].reverse().map((each) => (
          <li key={each.id} aria-current={each.id === event.id ? 'true' : undefined}>
            <Link to="/events/$id" params={{ id: each.id }}>
              <TimeText at={each.time} as="clock" />
              <StateBadge look={outcomeLook[each.outcome]}>{words.outcome(each.outcome)}</StateBadge>
              <b>{words.what(each)}</b>
              <span>
                {each.id === event.id
                  ? t('thisEvent')
                  : [each.actor.name && words.who(each), words.device(each.device), words.place(each.place)]
                      .filter(Boolean)
                      .join(', ')}
              </span>
            </Link>
          </li>
        ))}
      </ol>
    </Section>
  )
}
