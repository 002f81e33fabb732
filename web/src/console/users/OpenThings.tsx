import { Button } from '@mantine/core'
import { endSession, getUser, listCodes, listEvents, listSessions, type Out, type User } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AssuranceBadge } from '../../ui/AssuranceBadge.tsx'
import { Bleed } from '../../ui/Columns.tsx'
import { ConfirmDialog } from '../../ui/ConfirmDialog.tsx'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { Section } from '../../ui/Page.tsx'
import { countryName } from '../../ui/places.ts'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useAction, useList } from '../calls.ts'
import { useCodeColumns } from '../codes/columns.tsx'

type Session = Out<typeof listSessions>['items'][number]

/** What a person has open: sessions, each of which can be ended, and codes. */
export const OpenThings = ({ user, may }: { user: User; may: boolean }) => {
  const { t, i18n } = useTranslation(['users', 'common'])
  const sessions = useList(listSessions, { userId: user.id, limit: 20 }, { everyMs: 30_000 })
  const { more: _codes, ...codes } = useList(listCodes, { userId: user.id, limit: 10 })
  const [asked, setAsked] = useState<Session>()
  const end = useAction(endSession, {
    refreshes: [listSessions, getUser, listEvents],
    onDone: () => setAsked(undefined),
  })
  const browserOf = ({ browser, platform }: Session) =>
    [browser, platform].filter((part) => part && part !== 'unknown').join(', ') || t('common:notKnown')
  const columns: Column<Session>[] = [
    {
      key: 'browser',
      title: t('browser'),
      narrow: 'first',
      cell: (session) => <span className="strong">{browserOf(session)}</span>,
    },
    {
      key: 'assurance',
      title: t('proved'),
      narrow: 'first',
      cell: ({ current, scope, assurance }) =>
        current ? (
          <StateBadge look="active">{t('thisSession')}</StateBadge>
        ) : scope === 'recovery' ? (
          <StateBadge look="caution">{t('recoveryOnly')}</StateBadge>
        ) : (
          <AssuranceBadge acr={assurance.acr} amr={assurance.amr} />
        ),
    },
    { key: 'from', title: t('place'), cell: ({ country }) => countryName(country, i18n.language) ?? t('common:notKnown') },
    { key: 'started', title: t('started'), narrow: 'none', cell: ({ createdAt }) => <TimeText at={createdAt} /> },
    { key: 'seen', title: t('lastUsed'), cell: ({ seenAt }) => <TimeText at={seenAt} /> },
    ...(may
      ? [
          {
            key: 'act',
            title: t('endSession'),
            untitled: true,
            cell: (session: Session) => (
              <Button
                variant="default"
                size="xs"
                aria-label={t('endSessionOf', { browser: browserOf(session) })}
                onClick={() => setAsked(session)}
              >
                {t('endSession')}
              </Button>
            ),
          },
        ]
      : []),
  ]
  return (
    <>
      <Section title={t('sessions')}>
        <Bleed>
          <DataTable
            label={t('sessions')}
            {...sessions}
            columns={columns}
            rowKey={({ id }) => id}
            empty={<p className="t2">{t('noSessions')}</p>}
          />
        </Bleed>
      </Section>
      <Section
        title={t('codes')}
        aside={
          <Link to="/codes" search={{ userId: user.id } as never}>
            {t('allCodes')}
          </Link>
        }
      >
        <Bleed>
          <DataTable
            label={t('codes')}
            {...codes}
            columns={useCodeColumns()}
            rowKey={({ id }) => id}
            rowLink={({ id }) => `/codes/${id}`}
            empty={<p className="t2">{t('noCodes')}</p>}
          />
        </Bleed>
      </Section>
      <ConfirmDialog
        opened={asked !== undefined}
        onClose={() => setAsked(undefined)}
        title={t('endAsk')}
        verb={t('endSession')}
        busy={end.isPending}
        error={end.error}
        onConfirm={() => asked && end.mutate({ id: asked.id })}
      >
        {asked && t('endText', { name: user.username, browser: browserOf(asked) })}
      </ConfirmDialog>
    </>
  )
}
