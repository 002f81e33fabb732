import { Button, Checkbox } from '@mantine/core'
import { type Code, getCode, listCodes, listEvents, listScans, type Out, revokeCode } from '@postern/contract'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from '../../ui/ConfirmDialog.tsx'
import { CopyId } from '../../ui/CopyId.tsx'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { Facts, Page, Section } from '../../ui/Page.tsx'
import { countryName } from '../../ui/places.ts'
import { Refused } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useAction, useCall, useList } from '../calls.ts'
import { RecentEvents } from '../events/RecentEvents.tsx'
import { useMay } from '../session.ts'
import { codeLook } from './words.ts'

type Scan = Out<typeof listScans>['items'][number]

/** One code: what it is for, its state, who opened it, and its end. */
export default function CodePage() {
  const { t } = useTranslation(['codes', 'common'])
  const { id } = useParams({ strict: false }) as { id: string }
  const { data: code, error, refetch } = useCall(getCode, { id }, { everyMs: 5_000 })
  const may = useMay('operator')
  const [asking, setAsking] = useState(false)
  const crumb = <Link to="/codes">{t('title')}</Link>
  if (!code)
    return (
      <Page title={t('one')} crumb={crumb}>
        {error ? <Refused error={error} onRetry={() => void refetch()} /> : <Loading lines={8} />}
      </Page>
    )
  return (
    <Page
      title={code.label || t(`kind.${code.kind}`)}
      crumb={crumb}
      below={
        <>
          <StateBadge look={codeLook[code.state]}>{t(`state.${code.state}`)}</StateBadge> <CopyId id={code.id} />
        </>
      }
      actions={
        may &&
        code.state !== 'revoked' && (
          <Button variant="default" onClick={() => setAsking(true)}>
            {t('revoke')}
          </Button>
        )
      }
    >
      <p className="t2">{t(`means.${code.state}`)}</p>
      <About code={code} />
      <Section title={t('symbol')}>
        <Note title={t('symbolOnce')}>{t('symbolOnceText')}</Note>
      </Section>
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
      {asking && <Revoke code={code} onClose={() => setAsking(false)} />}
    </Page>
  )
}

const About = ({ code }: { code: Code }) => {
  const { t } = useTranslation(['codes', 'common'])
  return (
    <Section title={t('about')}>
      <Facts
        of={[
          [t('kindTitle'), code.bootstrap ? t('kind.bootstrap') : t(`kind.${code.kind}`)],
          [
            t('whom'),
            code.user ? (
              <Link key="user" to="/users/$id" params={{ id: code.user.id }}>
                {code.user.username}
              </Link>
            ) : (
              t('nobody')
            ),
          ],
          [t('issuedBy'), code.issuedBy ?? t('common:notKnown')],
          [t('issued'), <TimeText key="issued" at={code.createdAt} as="moment" />],
          [t('starts'), code.notBefore ? <TimeText key="starts" at={code.notBefore} as="moment" /> : undefined],
          [t('ends'), <TimeText key="ends" at={code.expiresAt} as="moment" />],
          [t('usedAt'), code.usedAt ? <TimeText key="used" at={code.usedAt} as="detail" /> : undefined],
          [t('revokedAt'), code.revokedAt ? <TimeText key="revoked" at={code.revokedAt} as="detail" /> : undefined],
        ]}
      />
    </Section>
  )
}

const Scans = ({ id }: { id: string }) => {
  const { t, i18n } = useTranslation(['codes', 'common'])
  const scans = useList(listScans, { id })
  const people = scans.rows?.filter(({ bot }) => !bot).length ?? 0
  const previews = (scans.rows?.length ?? 0) - people
  const columns: Column<Scan>[] = [
    { key: 'time', title: t('opened'), narrow: 'first', cell: ({ time }) => <TimeText at={time} as="clock" /> },
    {
      key: 'by',
      title: t('openedBy'),
      narrow: 'first',
      cell: ({ bot }) => (bot ? <StateBadge look="plain">{t('preview')}</StateBadge> : t('aPerson')),
    },
    {
      key: 'browser',
      title: t('browser'),
      cell: ({ browser, platform }) =>
        [browser, platform].filter((part) => part !== 'unknown').join(', ') || t('common:notKnown'),
    },
    { key: 'from', title: t('from'), cell: ({ country }) => countryName(country, i18n.language) ?? t('common:notKnown') },
  ]
  return (
    <Section
      title={t('scans')}
      aside={
        (scans.rows?.length ?? 0) > 0 && (
          <span className="t2">{t('scansBy', { people: String(people), previews: String(previews) })}</span>
        )
      }
    >
      <DataTable
        label={t('scans')}
        {...scans}
        columns={columns}
        rowKey={(scan) => scan.id}
        empty={<Empty title={t('noScans')}>{t('noScansText')}</Empty>}
      />
    </Section>
  )
}

/** Revoking holds at once and cannot be undone; of a used enrolment code it also ends what came of it, unless told not to. */
export const Revoke = ({ code, onClose }: { code: Pick<Code, 'id' | 'state' | 'label'>; onClose: () => void }) => {
  const { t } = useTranslation('codes')
  const [results, setResults] = useState(true)
  const used = code.state === 'used'
  const revoke = useAction(revokeCode, { refreshes: [getCode, listCodes, listEvents], onDone: onClose })
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t('revokeAsk')}
      verb={t('revoke')}
      reason="required"
      busy={revoke.isPending}
      error={revoke.error}
      onConfirm={(reason) =>
        revoke.mutate({ id: code.id, reason, ...(used && results ? { also: ['results'] as const } : {}) } as never)
      }
    >
      <p>{t('revokeText')}</p>
      {used && (
        <Checkbox
          mt="sm"
          label={t('revokeResults')}
          description={t('revokeResultsText')}
          checked={results}
          onChange={(click) => setResults(click.currentTarget.checked)}
        />
      )}
    </ConfirmDialog>
  )
}
