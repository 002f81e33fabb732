import { Button, Group } from '@mantine/core'
import { endSession, getUser, listCodes, listSessions, type User, unlockUser } from '@postern/contract'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyId } from '../../ui/CopyId.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { Facts, Page, Section } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useAction, useCall, useList } from '../calls.ts'
import { useCodeColumns } from '../codes/CodesPage.tsx'
import { RecentEvents } from '../events/RecentEvents.tsx'
import { useMay } from '../session.ts'
import { EditUser } from './EditUser.tsx'
import { EnrolDialog } from './EnrolDialog.tsx'
import { FactorIcons } from './FactorIcons.tsx'
import { type Move, MoveDialog } from './MoveDialog.tsx'
import { userLook } from './words.ts'

/** One person: their state in a sentence, their ways in, what is open, what happened, and what can be done. */
export default function UserPage() {
  const { t } = useTranslation(['users', 'common'])
  const { id } = useParams({ strict: false }) as { id: string }
  const { data: user, etag, error, refetch } = useCall(getUser, { id })
  const crumb = <Link to="/users">{t('title')}</Link>
  if (!user)
    return (
      <Page title={t('one')} crumb={crumb}>
        {error ? <Refused error={error} onRetry={() => void refetch()} /> : <Loading lines={8} />}
      </Page>
    )
  return <Known user={user} etag={etag} crumb={crumb} />
}

const Known = ({ user, etag, crumb }: { user: User; etag: string | undefined; crumb: React.ReactNode }) => {
  const { t } = useTranslation(['users', 'common'])
  const may = useMay('operator')
  const navigate = useNavigate()
  const asked = (useSearch({ strict: false }) as { enrol?: string }).enrol === 'now'
  const [enrolling, setEnrolling] = useState(asked && may)
  const [editing, setEditing] = useState(false)
  const [move, setMove] = useState<Move>()
  const active = user.state === 'active'
  return (
    <Page
      title={user.displayName || user.username}
      crumb={crumb}
      below={
        <>
          <StateBadge look={userLook[user.state]}>{t(`state.${user.state}`)}</StateBadge> {user.username}{' '}
          <CopyId id={user.id} short />
        </>
      }
      actions={
        may &&
        user.state !== 'offboarded' && (
          <>
            <Button variant="default" onClick={() => setEditing(true)}>
              {t('edit')}
            </Button>
            <Button variant="default" onClick={() => setMove(active ? 'suspend' : 'resume')}>
              {active ? t('move.suspend.verb') : t('move.resume.verb')}
            </Button>
            <Button variant="default" onClick={() => setMove('offboard')}>
              {t('move.offboard.verb')}
            </Button>
            {active && <Button onClick={() => setEnrolling(true)}>{t('enrol')}</Button>}
          </>
        )
      }
    >
      <p>{t(`sentence.${sentenceOf(user)}`)}</p>
      <Locked user={user} may={may} />
      <Section title={t('waysIn')}>
        <Facts
          of={[
            [t('factors'), <FactorIcons key="factors" of={user} />],
            [t('roles'), user.roles.map((role) => t(`common:role.${role}`)).join(', ')],
            [t('email'), user.email ?? t('common:none')],
            [t('lastSignIn'), user.lastSignInAt ? <TimeText key="last" at={user.lastSignInAt} as="moment" /> : t('never')],
            [t('since'), <TimeText key="since" at={user.createdAt} as="moment" />],
          ]}
        />
      </Section>
      <Open user={user} may={may} />
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

const sentenceOf = (user: User): 'offboarded' | 'suspended' | 'due' | 'nothing' | 'passwordOnly' | 'ready' => {
  if (user.state !== 'active') return user.state
  if (!user.factors.password) return 'nothing'
  if (user.enrolmentDue) return 'due'
  return user.factors.totp ? 'ready' : 'passwordOnly'
}

/** After 100 failures in a row a factor answers known browsers only; what lifts it stands beside it. */
const Locked = ({ user, may }: { user: User; may: boolean }) => {
  const { t } = useTranslation('users')
  const unlock = useAction(unlockUser, { refreshes: getUser })
  if (user.locked.length === 0) return null
  return (
    <Note
      tone="warn"
      title={t('lockedTitle', { factors: user.locked.map((factor) => t(`lockedFactor.${factor}`)).join(', ') })}
      action={
        may && (
          <Button variant="default" loading={unlock.isPending} onClick={() => unlock.mutate({ id: user.id })}>
            {t('unlock')}
          </Button>
        )
      }
    >
      {t('lockedText')}
      {unlock.error && <Refused error={unlock.error} />}
    </Note>
  )
}

const Open = ({ user, may }: { user: User; may: boolean }) => {
  const { t } = useTranslation(['users', 'common'])
  const { more: _sessions, ...sessions } = useList(listSessions, { userId: user.id, limit: 20 })
  const { more: _codes, ...codes } = useList(listCodes, { userId: user.id, limit: 10 })
  const end = useAction(endSession, { refreshes: [listSessions, getUser] })
  return (
    <>
      <Section title={t('sessions')}>
        {end.error && <Refused error={end.error} />}
        <DataTable
          label={t('sessions')}
          {...sessions}
          rowKey={({ id }) => id}
          empty={<Empty title={t('noSessions')} />}
          columns={[
            { key: 'browser', title: t('browser'), narrow: 'first', cell: ({ browser, platform }) => `${browser}, ${platform}` },
            { key: 'seen', title: t('lastUsed'), narrow: 'first', cell: ({ seenAt }) => <TimeText at={seenAt} /> },
            { key: 'started', title: t('started'), cell: ({ createdAt }) => <TimeText at={createdAt} /> },
            ...(may
              ? [
                  {
                    key: 'act',
                    title: t('endSession'),
                    untitled: true,
                    cell: (session: { id: string; browser: string }) => (
                      <Button
                        variant="default"
                        size="xs"
                        aria-label={t('endSessionOf', { browser: session.browser })}
                        loading={end.isPending && end.variables.id === session.id}
                        onClick={() => end.mutate({ id: session.id })}
                      >
                        {t('endSession')}
                      </Button>
                    ),
                  },
                ]
              : []),
          ]}
        />
      </Section>
      <Section
        title={t('codes')}
        aside={
          <Group gap="sm">
            <Link to="/codes" search={{ userId: user.id } as never}>
              {t('allCodes')}
            </Link>
          </Group>
        }
      >
        <DataTable
          label={t('codes')}
          {...codes}
          columns={useCodeColumns().filter(({ key }) => key !== 'whom')}
          rowKey={({ id }) => id}
          rowLink={({ id }) => `/codes/${id}`}
          empty={<Empty title={t('noCodes')} />}
        />
      </Section>
    </>
  )
}
