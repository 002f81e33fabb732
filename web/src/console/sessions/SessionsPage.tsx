import { Button } from '@mantine/core'
import { type CallIn, endSession, listSessions, type Out } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AssuranceBadge } from '../../ui/AssuranceBadge.tsx'
import { useBadFilters } from '../../ui/BadFilter.tsx'
import { ConfirmDialog } from '../../ui/ConfirmDialog.tsx'
import { shortId } from '../../ui/CopyId.tsx'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { useUrlFilters } from '../../ui/FilterChips.tsx'
import { Page } from '../../ui/Page.tsx'
import { countryName } from '../../ui/places.ts'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction, useList } from '../calls.ts'
import { useMay } from '../session.ts'
import { PersonChip } from '../users/PersonChip.tsx'

type Row = Out<typeof listSessions>['items'][number]

/** Who is signed in where, and the end of any one session. */
export default function SessionsPage() {
  const { t, i18n } = useTranslation(['sessions', 'users', 'common'])
  const { values, set, clear, any } = useUrlFilters(['userId'])
  const sessions = useList(listSessions, values as CallIn<typeof listSessions>, { everyMs: 15_000 })
  const whose = { key: 'userId', label: t('users:person'), hint: t('common:filter.badId') }
  const refused = useBadFilters(sessions.error, [whose], values, set)
  const may = useMay('operator')
  const [asked, setAsked] = useState<Row>()
  const close = () => setAsked(undefined)
  const end = useAction(endSession, { refreshes: listSessions, onDone: () => [close(), toast(t('ended'))] })
  const browserOf = ({ browser, platform }: Row) =>
    [browser, platform].filter((part) => part !== 'unknown').join(', ') || t('common:notKnown')
  const columns: Column<Row>[] = [
    {
      key: 'who',
      title: t('who'),
      narrow: 'first',
      cell: ({ user }) => (
        <Link to="/users/$id" params={{ id: user.id }} className="strong">
          {user.username}
        </Link>
      ),
    },
    {
      key: 'assurance',
      title: t('assurance'),
      narrow: 'first',
      cell: ({ current, scope, assurance }) =>
        current ? (
          <StateBadge look="active">{t('yours')}</StateBadge>
        ) : scope === 'recovery' ? (
          <StateBadge look="caution">{t('recovery')}</StateBadge>
        ) : (
          <AssuranceBadge acr={assurance.acr} amr={assurance.amr} />
        ),
    },
    { key: 'browser', title: t('browser'), cell: browserOf },
    { key: 'from', title: t('from'), cell: ({ country }) => countryName(country, i18n.language) ?? t('common:notKnown') },
    {
      key: 'code',
      title: t('code'),
      narrow: 'none',
      cell: ({ codeId }) =>
        codeId ? (
          <Link to="/codes/$id" params={{ id: codeId }} className="mono" title={codeId}>
            {shortId(codeId)}
          </Link>
        ) : (
          <span className="t3">{t('noCode')}</span>
        ),
    },
    { key: 'started', title: t('started'), narrow: 'none', cell: ({ createdAt }) => <TimeText at={createdAt} /> },
    { key: 'seen', title: t('seen'), cell: ({ seenAt }) => <TimeText at={seenAt} /> },
    ...(may
      ? [
          {
            key: 'act',
            title: t('end'),
            untitled: true,
            // One's own session is ended by signing out.
            cell: (row: Row) =>
              !row.current && (
                <Button
                  variant="default"
                  size="xs"
                  aria-label={t('endOf', { user: row.user.username, browser: browserOf(row) })}
                  onClick={() => setAsked(row)}
                >
                  {t('end')}
                </Button>
              ),
          },
        ]
      : []),
  ]
  return (
    <Page
      title={t('title')}
      below={t('text')}
      gutter={false}
      bar={<PersonChip id={values.userId} onChange={(userId) => set({ userId })} />}
    >
      <DataTable
        label={t('title')}
        {...sessions}
        refused={refused}
        columns={columns}
        rowKey={({ id }) => id}
        empty={
          <Empty
            title={any ? t('common:filter.nothing') : t('none')}
            action={
              any && (
                <Button variant="default" onClick={clear}>
                  {t('common:filter.clear')}
                </Button>
              )
            }
          >
            {t(any ? 'common:filter.nothingText' : 'noneText')}
          </Empty>
        }
      />
      <ConfirmDialog
        opened={asked !== undefined}
        onClose={close}
        title={t('endAsk')}
        verb={t('end')}
        busy={end.isPending}
        error={end.error}
        onConfirm={() => asked && end.mutate({ id: asked.id })}
      >
        {asked && t('endText', { user: asked.user.username, browser: browserOf(asked) })}
      </ConfirmDialog>
    </Page>
  )
}
