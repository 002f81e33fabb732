import { Anchor, Button } from '@mantine/core'
import { dismissNotice, myNotices, type Notice } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconAlertTriangle } from '../../ui/icons.ts'
import { TimeText } from '../../ui/TimeText.tsx'
import { useAction, useCall } from '../calls.ts'
import { hasRole, useSession } from '../session.ts'
import style from './Notices.module.css'

/** Said to the person it is about in words of their own. */
const toOneself = (kind: Notice['kind']) => kind === 'not-me' || kind === 'code-guessed' || kind === 'factor-changed'

/** Of many only the first stand open, which weigh most: in a bad hour they must not push every page out of sight. */
const most = 2

/** What a person has to know, on the first page they see, until they dismiss it. */
export const Notices = () => {
  const { t } = useTranslation()
  const session = useSession()
  const auditor = hasRole(session, 'auditor')
  const notices = useCall(myNotices, {}, { everyMs: 60_000 })
  const dismiss = useAction(dismissNotice, { refreshes: myNotices })
  const [all, setAll] = useState(false)
  if (!notices.data || notices.data.items.length === 0) return null
  const { items } = notices.data
  // one alone takes no more room than the line that would stand for it
  const folds = items.length > most + 1
  return (
    <section className={style.notices} aria-label={t('notices.title')}>
      <ul>
        {(folds && !all ? items.slice(0, most) : items).map(({ id, kind, time, event }) => (
          <li key={id}>
            <Icon of={IconAlertTriangle} />
            <div className={style.words}>
              <strong>{t(`notices.${kind}`)}</strong> <TimeText at={time} as="moment" />
              <p>
                {toOneself(kind) && (event.subject ?? event.actor).id === session.user.id
                  ? t(`notices.${kind}OwnText`)
                  : t(`notices.${kind}Text`, { subject: event.subject?.name ?? event.actor.name ?? t('notKnown') })}
              </p>
            </div>
            <div className={style.acts}>
              {auditor && (
                <Link to="/events/$id" params={{ id: event.id }}>
                  {t('notices.event')}
                </Link>
              )}
              <Button
                variant="default"
                size="sm"
                aria-label={t('notices.dismissOne', { what: t(`notices.${kind}`) })}
                loading={dismiss.isPending && dismiss.variables.id === id}
                onClick={() => dismiss.mutate({ id })}
              >
                {t('notices.dismiss')}
              </Button>
            </div>
          </li>
        ))}
      </ul>
      {folds && (
        <p className={style.more}>
          <Anchor component="button" type="button" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? t('notices.fewer') : t('notices.more', { count: items.length - most })}
          </Anchor>
        </p>
      )}
    </section>
  )
}
