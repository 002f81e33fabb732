import type { Event, EventType } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { localeOf } from '../../ui/locale.ts'
import { countryName } from '../../ui/places.ts'
import { usePreferences } from '../../ui/preferences.ts'
import type { Look } from '../../ui/StateBadge.tsx'
import { dayAndMinute } from '../../ui/times.ts'

export const outcomeLook: Record<Event['outcome'], Look> = { success: 'success', failure: 'failure', denied: 'denied' }

/** What differs from one reason to the next of the same sentence: ids and numbers. */
const counted = /\b[a-z]{3}_[0-9a-z]{26}\b|-?\d+/g
/** Dots and hyphens have a meaning of their own in the keys of translations. */
const keyOf = (type: EventType) => type.replace(/[.-]/g, '_')
const slug = (text: string) => text.toLowerCase().replace(/[^a-z0-9]+/g, '_')
/** Details that people wrote: they stay as they wrote them. */
const written = new Set(['reason', 'label', 'name', 'destination'])
/** An instant as the record writes it. */
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:/
/** What a setting was and became stands in the record as JSON. */
const fromJson = (value: unknown): unknown => {
  try {
    return JSON.parse(String(value))
  } catch {
    return value
  }
}
const known = (part: string | null | undefined) => part !== '' && part !== null && part !== undefined && part !== 'unknown'

/** Sentences of an event: what happened, to whom, and why it went as it went. */
export const useEventWords = () => {
  const { t, i18n } = useTranslation(['events', 'common', 'check'])
  const { utc } = usePreferences()
  const has = (key: string) => i18n.exists(`events:${key}`)
  // the key is made of the type: what is not there is asked for with `has` first
  const say = (key: string): string => t(key as 'title')
  const word = (group: string, value: string): string => (has(`${group}.${value}`) ? say(`${group}.${value}`) : value)
  const what = (event: Pick<Event, 'type' | 'outcome' | 'detail'>): string => {
    const key = `type.${keyOf(event.type)}`
    // what the outcome alone does not tell apart
    const caused = `cause.${keyOf(event.type)}.${event.outcome}.${event.detail.cause}`
    if (has(caused)) return say(caused)
    return has(`${key}.${event.outcome}`) ? say(`${key}.${event.outcome}`) : has(`${key}.any`) ? say(`${key}.any`) : event.type
  }
  /** The exact reason; what is counted in it stands in the sentence as it was counted. */
  const exactly = (why: string): string | undefined => {
    if (has(`says.${slug(why)}`)) return say(`says.${slug(why)}`)
    // an id stands in it as one word, a number as another
    const key = `says.${slug(why.replace(counted, (part) => (part.includes('_') ? 'id' : 'n')))}`
    const [first = '', second = '', third = ''] = why.match(counted) ?? []
    return has(key) ? t(key as 'says.frames_n_n_n_are_not_three_in_a_row', { first, second, third }) : undefined
  }
  /** A value of the record in words: lists and parts one after the other, instants as people read them. */
  const plain = (value: unknown): string => {
    if (Array.isArray(value)) return value.map(plain).join(', ') || t('common:none')
    if (typeof value === 'object' && value !== null)
      return Object.entries(value)
        .map(([name, part]) => t('part', { what: word('parts', name), value: plain(part) }))
        .join(', ')
    const text = String(value)
    return instant.test(text) ? dayAndMinute(text, { locale: localeOf(i18n.language), utc }) : word('value', text)
  }
  const named = (name: string | null): string | undefined => (name === 'erased' ? t('erased') : (name ?? undefined))
  /** Whom or what it was about, where that is somebody else than who did it. */
  const whom = ({ actor, subject, detail }: Pick<Event, 'actor' | 'subject' | 'detail'>): string | undefined => {
    if (!subject || (subject.id !== null && subject.id === actor.id)) return undefined
    if (subject.kind === 'settings')
      return (
        [detail.changed ?? []]
          .flat()
          .map((part) => word('setting', String(part)))
          .join(', ') || undefined
      )
    if (subject.kind === 'job') return word('value', subject.name ?? '')
    // A stranger who typed the name of a person: said once.
    if (subject.name === actor.name) return undefined
    return named(subject.name) ?? subject.id ?? undefined
  }
  return {
    /** "A passcode was tried", worded by outcome where that reads differently. */
    what,
    whom,
    /** The whole of it: "A person was suspended: dana.sokol". */
    sentence: (event: Event): string => {
      const about = whom(event)
      return about ? t('about', { what: what(event), whom: about }) : what(event)
    },
    outcome: (outcome: Event['outcome']): string => say(`outcome.${outcome}`),
    /** The reason of a refusal in words; undefined where there is none. */
    why: ({ detail }: Pick<Event, 'detail'>): string | undefined => {
      const { code, why } = detail
      const exact = typeof why === 'string' ? exactly(why) : undefined
      const general = typeof code === 'string' && has(`why.${code}`) ? say(`why.${code}`) : undefined
      return [general, exact].filter(Boolean).join(' ') || (typeof why === 'string' && why !== '' ? why : undefined)
    },
    /** Who did it: a name, or what kind of caller it was. A name that a stranger typed is not yet a person, and is called so. */
    who: ({ actor: { kind, name } }: Pick<Event, 'actor'>): string =>
      kind === 'stranger' && name && name !== 'erased' ? t('typedName', { name }) : (named(name) ?? word('actor', kind)),
    place: (place: Event['place']): string | undefined =>
      place ? [place.city, countryName(place.country, i18n.language)].filter(known).join(', ') || undefined : undefined,
    device: ({ browser, platform, type }: Event['device']): string =>
      type === 'erased'
        ? t('erased')
        : [browser, platform].filter(known).join(', ') || (known(type) ? word('deviceTypes', type) : t('common:notKnown')),
    deviceType: ({ type }: Event['device']): string => (known(type) ? word('deviceTypes', type) : t('common:notKnown')),
    factor: (factor: string): string => word('factors', factor),
    biometric: (biometric: Event['biometric']): string => say(`biometrics.${biometric}`),
    /** The name of a part of `detail`, and its value, in words where we have them. */
    detail: (type: EventType, name: string, value: string | number | string[]): [string, string] => {
      const [setting, side] = name.split('.')
      const title =
        side === 'from' || side === 'to'
          ? t(`detailSide.${side}`, { what: word('setting', setting ?? '') })
          : word('detail', name)
      if (side && type === 'settings.changed') return [title, plain(fromJson(value))]
      const shown = [value].flat().map((part) => {
        if (name === 'askedFrom') return countryName(String(part), i18n.language) ?? String(part)
        if (name === 'why') return exactly(String(part)) ?? String(part)
        // as the page of a doubted code says them
        if (name === 'reasons' && i18n.exists(`check:reason.${part}`)) return t(`check:reason.${part}` as 'check:reason.foreign')
        if (name === 'changed' && has(`changed.${part}`)) return say(`changed.${part}`)
        const [, from] = (type === 'code.relayed' && /^asked from (.+)$/.exec(String(part))) || []
        if (from) return t('askedFrom', { place: from === 'nowhere known' ? t('common:notKnown') : from })
        // of a request that was declined it is chosen, not written
        const typed = written.has(name) && !(name === 'reason' && type === 'approval.declined')
        return typed ? String(part) : plain(part)
      })
      return [title, shown.join(', ') || t('common:none')]
    },
  }
}
