import { type Event, getEvent } from '@postern/contract'
import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { CopyId } from '../../ui/CopyId.tsx'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { Facts, Page, Section } from '../../ui/Page.tsx'
import { countryName } from '../../ui/places.ts'
import { Refused } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useCall } from '../calls.ts'
import { deviceName } from './EventsPage.tsx'
import { outcomeLook, useEventWords } from './words.ts'

/** One entry of the record: the sentence, why, and every field. */
export default function EventPage() {
  const { t } = useTranslation(['events', 'common'])
  const { id } = useParams({ strict: false }) as { id: string }
  const words = useEventWords()
  // its place in the log comes within a second
  const { data: event, error, refetch } = useCall(getEvent, { id })
  const crumb = <Link to="/events">{t('title')}</Link>
  if (error && !event)
    return (
      <Page title={t('one')} crumb={crumb}>
        <Refused error={error} onRetry={() => void refetch()} />
      </Page>
    )
  if (!event)
    return (
      <Page title={t('one')} crumb={crumb}>
        <Loading lines={8} />
      </Page>
    )
  const why = words.why(event)
  return (
    <Page
      title={words.what(event)}
      crumb={crumb}
      below={
        <>
          <StateBadge look={outcomeLook[event.outcome]}>{words.outcome(event.outcome)}</StateBadge>{' '}
          <TimeText at={event.time} as="detail" />
        </>
      }
    >
      {why && event.outcome !== 'success' && (
        <Note tone={event.outcome === 'failure' ? 'fail' : 'warn'} title={t('whyTitle')}>
          {why}
        </Note>
      )}
      <Story event={event} />
      <Details event={event} />
    </Page>
  )
}

const Story = ({ event }: { event: Event }) => {
  const { t, i18n } = useTranslation(['events', 'common'])
  const words = useEventWords()
  const party = (of: Event['actor'] | null) =>
    of === null ? undefined : of.kind === 'user' && of.id ? (
      <>
        <Link to="/users/$id" params={{ id: of.id }}>
          {of.name ?? of.id}
        </Link>{' '}
        ·{' '}
        <Link to="/events" search={{ userId: of.id } as never}>
          {t('theirEvents')}
        </Link>
      </>
    ) : (
      (of.name ?? words.who({ actor: of, subject: null }))
    )
  const place = event.place
  return (
    <Section title={t('story')}>
      <Facts
        of={[
          [t('who'), party(event.actor)],
          [t('subject'), party(event.subject)],
          [
            t('where'),
            place ? [place.city, countryName(place.country, i18n.language)].filter(Boolean).join(', ') : t('common:notKnown'),
          ],
          [
            t('address'),
            event.address ? (
              <>
                <CopyId id={event.address} />{' '}
                <Link to="/events" search={{ address: event.address } as never}>
                  {t('sameAddress')}
                </Link>
              </>
            ) : (
              t('noAddress')
            ),
          ],
          [t('device'), deviceName(event.device, t('common:notKnown'))],
          [t('deviceType'), event.device.type === 'erased' ? t('erased') : event.device.type],
          [t('factor'), event.factor ?? undefined],
          [t('biometric'), event.biometric === 'none' ? undefined : event.biometric],
        ]}
      />
    </Section>
  )
}

const Details = ({ event }: { event: Event }) => {
  const { t } = useTranslation(['events', 'common'])
  const linked = (id: string | null, key: 'codeId' | 'sessionId') =>
    id === null ? undefined : (
      <>
        <CopyId id={id} />{' '}
        {key === 'codeId' && (
          <>
            <Link to="/codes/$id" params={{ id }}>
              {t('toCode')}
            </Link>{' '}
            ·{' '}
          </>
        )}
        <Link to="/events" search={{ [key]: id } as never}>
          {t('itsEvents')}
        </Link>
      </>
    )
  return (
    <Section title={t('fields')}>
      <Facts
        of={[
          [t('id'), <CopyId key="id" id={event.id} />],
          [
            t('typeTitle'),
            <span key="type" className="mono">
              {event.type}
            </span>,
          ],
          [
            t('seq'),
            event.seq === null ? (
              t('seqWaiting')
            ) : (
              <span key="seq" className="mono">
                {event.seq}
              </span>
            ),
          ],
          [t('code'), linked(event.codeId, 'codeId')],
          [t('session'), linked(event.sessionId, 'sessionId')],
          [t('policy'), event.policy ?? undefined],
          [t('risk'), event.risk.reasons.length > 0 ? event.risk.reasons.join(', ') : undefined],
          ...Object.entries(event.detail).map(([name, value]): [string, string] => [
            name,
            Array.isArray(value) ? value.join(', ') : String(value),
          ]),
        ]}
      />
    </Section>
  )
}
