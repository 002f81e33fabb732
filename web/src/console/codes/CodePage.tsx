import { Button } from '@mantine/core'
import { type Code, getCode } from '@postern/contract'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Columns } from '../../ui/Columns.tsx'
import { CopyId } from '../../ui/CopyId.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { IconBan } from '../../ui/icons.ts'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { Facts, Page, Section } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { CountDown, TimeText } from '../../ui/TimeText.tsx'
import { useCall } from '../calls.ts'
import { RecentEvents } from '../events/RecentEvents.tsx'
import { useMay } from '../session.ts'
import style from './Codes.module.css'
import { RevokeDialog } from './RevokeDialog.tsx'
import { Scans } from './Scans.tsx'
import { codeLook, useCodeName } from './words.ts'

/** One code: what it is for, its state and what that means, who opened it, and its end. */
export default function CodePage() {
  const { t } = useTranslation(['codes', 'common'])
  const { id } = useParams({ strict: false }) as { id: string }
  const { data: code, error, refetch } = useCall(getCode, { id }, { everyMs: 5_000 })
  const nameOf = useCodeName()
  const may = useMay('operator')
  const [asking, setAsking] = useState(false)
  const crumb = <Link to="/codes">{t('title')}</Link>
  if (!code || code.id !== id)
    return (
      <Page title={t('one')} crumb={crumb}>
        {error ? <Refused error={error} onRetry={() => void refetch()} /> : <Loading lines={8} />}
      </Page>
    )
  return (
    <Page
      title={nameOf(code)}
      crumb={crumb}
      below={
        <>
          <StateBadge look={codeLook[code.state]}>{t(`state.${code.state}`)}</StateBadge>
          <span>{t(code.bootstrap ? 'kindShort.bootstrap' : `kindShort.${code.kind}`)}</span>
          <CopyId id={code.id} />
        </>
      }
      actions={
        may &&
        code.state !== 'revoked' && (
          <Button variant="default" className={style.danger} leftSection={<Icon of={IconBan} />} onClick={() => setAsking(true)}>
            {t('revoke')}
          </Button>
        )
      }
      gutter={false}
    >
      <Columns sideFirst side={<About code={code} />}>
        <p className={style.lead}>{t(`means.${code.state}`)}</p>
        <Scans id={code.id} />
        <Section
          title={t('events')}
          aside={
            <Link to="/events" search={{ codeId: code.id } as never}>
              {t('allEvents')}
            </Link>
          }
        >
          <RecentEvents filter={{ codeId: code.id }} />
        </Section>
      </Columns>
      {asking && <RevokeDialog code={code} onClose={() => setAsking(false)} />}
    </Page>
  )
}

const About = ({ code }: { code: Code }) => {
  const { t } = useTranslation(['codes', 'common'])
  const { user, state } = code
  const notYet = code.notBefore && Date.parse(code.notBefore) > Date.parse(code.createdAt)
  return (
    <>
      <Section title={t('about')}>
        <Facts
          of={[
            [
              t('whom'),
              user ? (
                <Link key="user" to="/users/$id" params={{ id: user.id }}>
                  {user.username}
                </Link>
              ) : (
                t('nobody')
              ),
            ],
            [t('issuedBy'), code.issuedBy ?? t('common:notKnown')],
            [t('issued'), <TimeText key="issued" at={code.createdAt} as="moment" />],
            [t('starts'), notYet && code.notBefore ? <TimeText key="starts" at={code.notBefore} as="moment" /> : undefined],
            [
              t('ends'),
              <span key="ends">
                {code.expiresAt ? <TimeText at={code.expiresAt} as="moment" /> : t('never')}
                {state === 'live' && code.expiresAt && (
                  <>
                    , <CountDown to={code.expiresAt} from={code.createdAt} ended={t('state.expired')} />
                  </>
                )}
              </span>,
            ],
            [t('usedAt'), code.usedAt ? <TimeText key="used" at={code.usedAt} as="moment" /> : undefined],
            [t('revokedAt'), code.revokedAt ? <TimeText key="revoked" at={code.revokedAt} as="moment" /> : undefined],
            [t('works'), t('once')],
            [t('versions'), t('versionsNone')],
          ]}
        />
      </Section>
      <Section title={t('symbol')}>
        <Note title={t('symbolOnce')}>{t('symbolOnceText')}</Note>
      </Section>
    </>
  )
}
