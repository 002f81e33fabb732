import { Button } from '@mantine/core'
import { deploymentInfo, getUser, roles, type User, unlockUser } from '@postern/contract'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyId } from '../../ui/CopyId.tsx'
import { Note } from '../../ui/Note.tsx'
import { Facts, Page, Section } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { UnreadPage } from '../../ui/UnreadPage.tsx'
import { useAction, useCall } from '../calls.ts'
import { PersonDevices } from '../devices/PersonDevices.tsx'
import { RecentEvents } from '../events/RecentEvents.tsx'
import { KeyActions } from '../historical/KeyActions.tsx'
import { useMay } from '../session.ts'
import { EditUser } from './EditUser.tsx'
import { EnrolDialog } from './EnrolDialog.tsx'
import { FactorIcons } from './FactorIcons.tsx'
import { type Move, MoveDialog } from './MoveDialog.tsx'
import { OpenThings } from './OpenThings.tsx'
import style from './Users.module.css'
import { userLook } from './words.ts'

/** One person: their state in a sentence, their ways in, what is open, what happened, and what can be done. */
export default function UserPage() {
  const { t } = useTranslation('users')
  const { id } = useParams({ strict: false }) as { id: string }
  const { data: user, etag, error, refetch } = useCall(getUser, { id })
  const crumb = <Link to="/users">{t('title')}</Link>
  if (!user || user.id !== id)
    return (
      <UnreadPage
        title={t('one')}
        missing={t('missing')}
        list={{ to: '/users', title: t('title'), all: t('all') }}
        error={error}
        onRetry={() => void refetch()}
      />
    )
  return <Known key={id} user={user} etag={etag} crumb={crumb} />
}

const Known = ({ user, etag, crumb }: { user: User; etag: string | undefined; crumb: ReactNode }) => {
  const { t } = useTranslation(['users', 'common'])
  const navigate = useNavigate()
  const operator = useMay('operator')
  // Nobody acts on a person with more rights than their own.
  const reaches = useMay(roles.findLast((role) => user.roles.includes(role)) ?? 'user')
  const may = operator && reaches && user.state !== 'offboarded'
  const off = useCall(deploymentInfo, {}).data?.enrolment === false
  const asked = (useSearch({ strict: false }) as { enrol?: string }).enrol === 'now'
  const [enrolling, setEnrolling] = useState(asked && may && user.state === 'active')
  const [editing, setEditing] = useState(false)
  const [move, setMove] = useState<Move>()
  const active = user.state === 'active'
  return (
    <Page
      title={user.displayName || user.username}
      crumb={crumb}
      below={
        <>
          <StateBadge look={userLook[user.state]}>{t(`state.${user.state}`)}</StateBadge>
          {user.displayName && <span>{user.username}</span>}
          <span>{user.roles.map((role) => t(`common:role.${role}`)).join(', ')}</span>
          <CopyId id={user.id} />
        </>
      }
      actions={
        may && (
          <>
            <Button variant="default" onClick={() => setEditing(true)}>
              {t('edit')}
            </Button>
            <Button variant="default" onClick={() => setMove(active ? 'suspend' : 'resume')}>
              {active ? t('move.suspend.verb') : t('move.resume.verb')}
            </Button>
            <Button variant="default" className={style.danger} onClick={() => setMove('offboard')}>
              {t('move.offboard.verb')}
            </Button>
            {active && !off && <Button onClick={() => setEnrolling(true)}>{t('enrol')}</Button>}
          </>
        )
      }
    >
      <p className={style.sentence}>{t(`sentence.${sentenceOf(user)}`)}</p>
      <div className={style.notes}>
        <Locked user={user} may={may} />
        {operator && !reaches && <Note title={t('above')}>{t('aboveText')}</Note>}
        {may && off && <Note title={t('enrolOff')}>{t('enrolOffText')}</Note>}
      </div>
      <Section title={t('waysIn')} aside={may && active && !off && <KeyActions user={user} />}>
        <Facts
          of={[
            [t('factors'), <FactorIcons key="factors" of={user} />],
            [
              t('due'),
              user.enrolmentDue && !user.wayBack ? (
                <StateBadge key="due" look="caution">
                  {t('isDue')}
                </StateBadge>
              ) : undefined,
            ],
            [t('key'), user.totpKey ? <KeyFacts key="key" of={user.totpKey} /> : undefined],
            [
              t('lastSignIn'),
              user.lastSignInAt ? (
                <TimeText key="last" at={user.lastSignInAt} as="moment" />
              ) : user.state === 'offboarded' ? undefined : (
                t('never')
              ),
            ],
            [t('email'), user.email ?? t('common:none')],
            [t('since'), <TimeText key="since" at={user.createdAt} as="moment" />],
          ]}
        />
      </Section>
      <PersonDevices user={user} may={may} />
      <OpenThings user={user} may={may} />
      <Section
        title={t('events')}
        aside={
          <Link to="/events" search={{ userId: user.id } as never}>
            {t('allEvents')}
          </Link>
        }
      >
        <RecentEvents filter={{ userId: user.id }} />
      </Section>
      {enrolling && (
        <EnrolDialog
          user={user}
          onClose={() => {
            setEnrolling(false)
            if (asked) void navigate({ to: '.', search: {} as never, replace: true })
          }}
        />
      )}
      {editing && <EditUser user={user} etag={etag} onClose={() => setEditing(false)} />}
      {move && <MoveDialog user={user} move={move} onClose={() => setMove(undefined)} />}
    </Page>
  )
}

/** Where the key came from, since when it is theirs, and from when a fresh one takes its place. */
const KeyFacts = ({ of: { origin, confirmedAt, renewBy, renewalDue } }: { of: NonNullable<User['totpKey']> }) => {
  const { t } = useTranslation('users')
  return (
    <span className={style.due}>
      <TimeText at={confirmedAt} as="moment" />
      {origin === 'imported' && <StateBadge look="caution">{t('keyElsewhere')}</StateBadge>}
      {renewalDue ? (
        <StateBadge look="caution">{t('isRenewalDue')}</StateBadge>
      ) : (
        renewBy && (
          <span>
            {t('renewFrom')} <TimeText at={renewBy} as="moment" />
          </span>
        )
      )}
    </span>
  )
}

const sentenceOf = (
  user: User,
):
  | 'offboarded'
  | 'suspended'
  | 'recovery-code'
  | 'operator'
  | 'due'
  | 'nothing'
  | 'passwordOnly'
  | 'ready'
  | 'device'
  | 'both' => {
  if (user.state !== 'active') return user.state
  if (user.wayBack) return user.wayBack
  const { password, totp, devices } = user.factors
  if (!password && devices === 0) return 'nothing'
  if (user.enrolmentDue) return 'due'
  if (devices > 0) return totp ? 'both' : 'device'
  return totp ? 'ready' : 'passwordOnly'
}

/** After 100 failures in a row a factor is closed, for unknown browsers, for known ones, or for all; what lifts it stands beside it. */
const Locked = ({ user, may }: { user: User; may: boolean }) => {
  const { t } = useTranslation('users')
  const unlock = useAction(unlockUser, { refreshes: getUser })
  const known = new Set(user.lockedForKnown)
  const closed = {
    unknown: user.locked.filter((factor) => !known.has(factor)),
    known: user.lockedForKnown.filter((factor) => !user.locked.includes(factor)),
    all: user.locked.filter((factor) => known.has(factor)),
  }
  const shown = (['unknown', 'known', 'all'] as const).filter((whom) => closed[whom].length > 0)
  return shown.map((whom) => (
    <Note
      key={whom}
      tone="warn"
      title={t(`locked.${whom}.title`, { factors: closed[whom].map((factor) => t(`lockedFactor.${factor}`)).join(', ') })}
      action={
        may && (
          <Button variant="default" loading={unlock.isPending} onClick={() => unlock.mutate({ id: user.id })}>
            {t('unlock')}
          </Button>
        )
      }
    >
      {t(`locked.${whom}.text`)}
      {unlock.error && <Refused error={unlock.error} />}
    </Note>
  ))
}
