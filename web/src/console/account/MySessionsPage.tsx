import { Button } from '@mantine/core'
import { endMyOtherSessions, endMySession, mySessions, type OpenSession } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AssuranceBadge } from '../../ui/AssuranceBadge.tsx'
import { ConfirmDialog } from '../../ui/ConfirmDialog.tsx'
import { CopyId } from '../../ui/CopyId.tsx'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { Page } from '../../ui/Page.tsx'
import { countryName } from '../../ui/places.ts'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction, useList } from '../calls.ts'

/** Where one is signed in: sign out one, or all but this one. */
export default function MySessionsPage() {
  const { t, i18n } = useTranslation(['account', 'common'])
  const sessions = useList(mySessions, {})
  const [asked, setAsked] = useState<OpenSession | 'others'>()
  const close = () => setAsked(undefined)
  const endOne = useAction(endMySession, { refreshes: mySessions, onDone: () => [close(), toast(t('oneEnded'))] })
  const endOthers = useAction(endMyOtherSessions, {
    refreshes: mySessions,
    onDone: ({ ended }) => [close(), toast(t('othersEnded', { count: ended }))],
  })
  const nameOf = ({ browser, platform }: OpenSession) => [browser, platform].filter(Boolean).join(', ') || t('common:notKnown')
  const columns: Column<OpenSession>[] = [
    { key: 'where', title: t('where'), narrow: 'first', cell: (session) => <span className="strong">{nameOf(session)}</span> },
    {
      key: 'state',
      title: t('assurance'),
      narrow: 'first',
      cell: ({ current, assurance, scope }) =>
        current ? (
          <StateBadge look="active">{t('thisOne')}</StateBadge>
        ) : scope === 'recovery' ? (
          <StateBadge look="caution">{t('scopeRecovery')}</StateBadge>
        ) : (
          <AssuranceBadge acr={assurance.acr} amr={assurance.amr} />
        ),
    },
    { key: 'from', title: t('from'), cell: ({ country }) => countryName(country, i18n.language) ?? t('common:notKnown') },
    {
      key: 'started',
      title: t('started'),
      narrow: 'none',
      cell: ({ createdAt, codeId }) => (
        <>
          <TimeText at={createdAt} /> {codeId && <CopyId id={codeId} short />}
        </>
      ),
    },
    { key: 'seen', title: t('seen'), cell: ({ seenAt }) => <TimeText at={seenAt} /> },
    {
      key: 'act',
      title: t('signOutOne'),
      untitled: true,
      cell: (session) =>
        !session.current && (
          <Button
            variant="default"
            size="xs"
            aria-label={t('signOutOneOf', { browser: nameOf(session) })}
            onClick={() => setAsked(session)}
          >
            {t('signOutOne')}
          </Button>
        ),
    },
  ]
  const one = asked !== 'others' ? asked : undefined
  return (
    <Page
      title={t('sessions')}
      below={t('sessionsText')}
      gutter={false}
      actions={
        (sessions.rows?.length ?? 0) > 1 && (
          <Button variant="default" onClick={() => setAsked('others')}>
            {t('signOutOthers')}
          </Button>
        )
      }
    >
      <DataTable label={t('sessions')} {...sessions} columns={columns} rowKey={({ id }) => id} empty={null} />
      <ConfirmDialog
        opened={one !== undefined}
        onClose={close}
        title={t('signOutAsk')}
        verb={t('signOutOne')}
        busy={endOne.isPending}
        error={endOne.error}
        onConfirm={() => one && endOne.mutate({ id: one.id })}
      >
        {one && t('signOutText', { browser: nameOf(one) })}
      </ConfirmDialog>
      <ConfirmDialog
        opened={asked === 'others'}
        onClose={close}
        title={t('signOutOthersAsk')}
        verb={t('signOutOthers')}
        busy={endOthers.isPending}
        error={endOthers.error}
        onConfirm={() => endOthers.mutate({})}
      >
        {t('signOutOthersText')}
      </ConfirmDialog>
    </Page>
  )
}
