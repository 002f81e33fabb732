import type { Event, EventType } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import type { Look } from '../../ui/StateBadge.tsx'

export const outcomeLook: Record<Event['outcome'], Look> = { success: 'success', failure: 'failure', denied: 'denied' }

/** Dots and hyphens have a meaning of their own in the keys of translations. */
const keyOf = (type: EventType) => type.replace(/[.-]/g, '_')

/** Sentences of an event: what happened, and why it went as it went. */
export const useEventWords = () => {
  const { t, i18n } = useTranslation(['events', 'common'])
  const has = (key: string) => i18n.exists(`events:${key}`)
  // the key is made of the type: what is not there is asked for with `has` first
  const say = (key: string): string => t(key as 'title')
  return {
    /** "A passcode was tried", worded by outcome where that reads differently. */
    what: (event: Pick<Event, 'type' | 'outcome'>): string => {
      const key = `type.${keyOf(event.type)}`
      return has(`${key}.${event.outcome}`) ? say(`${key}.${event.outcome}`) : has(`${key}.any`) ? say(`${key}.any`) : event.type
    },
    outcome: (outcome: Event['outcome']): string => say(`outcome.${outcome}`),
    /** The reason of a refusal in words; undefined where there is none. */
    why: ({ detail }: Pick<Event, 'detail'>): string | undefined => {
      const { code, why } = detail
      if (typeof code === 'string' && has(`why.${code}`)) return say(`why.${code}`)
      return typeof why === 'string' ? why : undefined
    },
    /** Who did it: a name, or what kind of caller it was. */
    who: ({ actor, subject }: Pick<Event, 'actor' | 'subject'>): string =>
      actor.name ?? subject?.name ?? (has(`actor.${actor.kind}`) ? say(`actor.${actor.kind}`) : actor.kind),
  }
}
