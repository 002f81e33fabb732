import { type Event, getEvent } from '@postern/contract'
import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Columns } from '../../ui/Columns.tsx'
import { CopyId, shortId } from '../../ui/CopyId.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { IconChevronRight, IconDeviceDesktop, IconDeviceMobile, IconQrcode, IconUser, IconWorld } from '../../ui/icons.ts'
import { Note } from '../../ui/Note.tsx'
import { Facts, Page, Section } from '../../ui/Page.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { UnreadPage } from '../../ui/UnreadPage.tsx'
import { useCall } from '../calls.ts'
import style from './EventPage.module.css'
import { WholeStory } from './WholeStory.tsx'
import { outcomeLook, useEventWords } from './words.ts'

/** One entry of the record: the sentence, why, every field, and the way to everything about the same person, code, place. */
export default function EventPage() {
  const { t } = useTranslation(['events', 'common'])
  const { id } = useParams({ strict: false }) as { id: string }
  const words = useEventWords()
  const { data: event, error, refetch } = useCall(getEvent, { id })
  const crumb = <Link to="/events">{t('title')}</Link>
  if (!event || event.id !== id)
    return (
      <UnreadPage
        title={t('one')}
        missing={t('missing')}
        list={{ to: '/events', title: t('title'), all: t('all') }}
        error={error}
        onRetry={() => void refetch()}
      />
    )
  const why = words.why(event)
  return (
    <Page
      title={words.sentence(event)}
      crumb={
        <>
          {crumb} / <span className="mono">{event.type}</span>
        </>
      }
      below={
        <>
          <StateBadge look={outcomeLook[event.outcome]}>{words.outcome(event.outcome)}</StateBadge>
          <TimeText at={event.time} as="detail" />
          <CopyId id={event.id} />
        </>
      }
      gutter={false}
    >
      <Columns side={<About event={event} />}>
        {why && event.outcome !== 'success' && (
          <div className={style.why}>
            <Note tone={event.outcome === 'failure' ? 'fail' : 'warn'} title={t('whyTitle')}>
              {why}
            </Note>
          </div>
        )}
        <Story event={event} />
        <WholeStory event={event} />
        <Details event={event} />
      </Columns>
    </Page>
  )
}

/** A person by name, as a link; anybody else in words. */
const Party = ({ of }: { of: Event['actor'] }) => {
  const words = useEventWords()
  const name = words.who({ actor: of })
  if (of.kind === 'user' && of.id)
    return (
      <Link to="/users/$id" params={{ id: of.id }}>
        {name}
      </Link>
    )
  return name
}

const Story = ({ event }: { event: Event }) => {
  const { t } = useTranslation(['events', 'common'])
  const words = useEventWords()
  const { actor, subject, place, address, device, factor, biometric, codeId, sessionId } = event
  const erased = device.type === 'erased'
  return (
    <Section title={t('story')}>
      <div className={style.two}>
        <Facts
          of={[
            [t('who'), <Party key="who" of={actor} />],
            [
              t('subject'),
              subject && subject.kind !== 'settings' && words.whom(event) ? (
                subject.kind === 'user' ? (
                  <Party key="about" of={subject} />
                ) : (
                  words.whom(event)
                )
              ) : undefined,
            ],
            [t('factor'), factor ? words.factor(factor) : undefined],
            [t('biometric'), biometric === 'none' ? undefined : words.biometric(biometric)],
            [t('target'), event.target ?? undefined],
            [
              t('code'),
              codeId ? (
                <Link key="code" to="/codes/$id" params={{ id: codeId }} className="mono">
                  {codeId}
                </Link>
              ) : undefined,
            ],
            [t('session'), sessionId ? <CopyId key="session" id={sessionId} /> : undefined],
          ]}
        />
        <Facts
          of={[
            [t('where'), words.place(place) ?? (erased ? t('erased') : t('common:notKnown'))],
            [t('address'), address ? <CopyId key="address" id={address} /> : erased ? t('erased') : t('common:notKnown')],
            [t('device'), words.device(device)],
            [t('deviceType'), words.deviceType(device)],
          ]}
        />
      </div>
    </Section>
  )
}

const Details = ({ event }: { event: Event }) => {
  const { t } = useTranslation(['events', 'common'])
  const words = useEventWords()
  const { risk, policy, detail } = event
  return (
    <Section title={t('fields')}>
      <Facts
        of={[
          [
            t('seq'),
            event.seq === null ? (
              <Ordering key="seq" id={event.id} />
            ) : (
              <span key="seq" className="mono">
                {event.seq}
              </span>
            ),
          ],
          [t('policy'), policy ?? undefined],
          [t('risk'), risk.reasons.length > 0 ? `${risk.score}: ${risk.reasons.join(', ')}` : undefined],
          ...Object.entries(detail).map(([name, value]) => words.detail(event.type, name, value)),
        ]}
      />
    </Section>
  )
}

/** Its place in the log comes within a second: asked for until it is there. */
const Ordering = ({ id }: { id: string }) => {
  const { t } = useTranslation('events')
  useCall(getEvent, { id }, { everyMs: 1_000 })
  return <StateBadge look="waiting">{t('seqWaiting')}</StateBadge>
}

/** Where each part of it leads: the list, with the filter in the address. */
const About = ({ event }: { event: Event }) => {
  const { t } = useTranslation('events')
  const words = useEventWords()
  const people = [event.actor, ...(event.subject ? [event.subject] : [])].filter(
    ({ kind, id }, at, all) => kind === 'user' && id && all.findIndex((other) => other.id === id) === at,
  )
  const filters: { key: string; value: string | null | undefined; name: ReactNode; icon: typeof IconUser }[] = [
    ...people.map((party) => ({ key: 'userId', value: party.id, name: words.who({ actor: party }), icon: IconUser })),
    {
      key: 'codeId',
      value: event.codeId,
      name: (
        <>
          {t('thisCode')} <Short id={event.codeId} />
        </>
      ),
      icon: IconQrcode,
    },
    {
      key: 'sessionId',
      value: event.sessionId,
      name: (
        <>
          {t('thisSession')} <Short id={event.sessionId} />
        </>
      ),
      icon: IconDeviceDesktop,
    },
    {
      key: 'deviceId',
      value: event.device.id,
      name: (
        <>
          {t('thisDevice')} <Short id={event.device.id} />
        </>
      ),
      icon: IconDeviceMobile,
    },
    { key: 'address', value: event.address, name: event.address, icon: IconWorld },
    { key: 'country', value: event.place?.country, name: words.place(event.place), icon: IconWorld },
  ]
  const known = filters.filter(({ value }) => value)
  if (known.length === 0) return null
  return (
    <Section title={t('everything')}>
      <ul className={style.about}>
        {known.map(({ key, value, name, icon }) => (
          <li key={`${key} ${value}`}>
            <Link to="/events" search={{ [key]: value } as never}>
              <Icon of={icon} />
              <span className="cut">{name}</span>
              <Icon of={IconChevronRight} size={14} />
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  )
}
const Short = ({ id }: { id: string | null }) => <span className="mono t3">{id && shortId(id)}</span>
