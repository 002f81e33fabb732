import { Button } from '@mantine/core'
import { type Code, type Destination, getCode } from '@postern/contract'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Columns } from '../../ui/Columns.tsx'
import { CopyId } from '../../ui/CopyId.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { IconBan, IconRefresh } from '../../ui/icons.ts'
import { Note } from '../../ui/Note.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { UnreadPage } from '../../ui/UnreadPage.tsx'
import { useCall } from '../calls.ts'
import { RecentEvents } from '../events/RecentEvents.tsx'
import { useMay } from '../session.ts'
import { About } from './About.tsx'
import style from './Codes.module.css'
import { KindWord } from './columns.tsx'
import { EditCode } from './EditCode.tsx'
import { LeadsTo } from './LeadsTo.tsx'
import { ReissueDialog } from './ReissueDialog.tsx'
import { RevokeDialog } from './RevokeDialog.tsx'
import { Scans } from './Scans.tsx'
import { authenticates, canEdit, canReissue, codeLook, editable, useCodeName } from './words.ts'

type Asked = 'destination' | 'terms' | 'revoke' | 'reissue'

/** One code: what it is for, its state and what that means, where it leads, who opened it, and its end. */
export default function CodePage() {
  const { t } = useTranslation(['codes', 'common'])
  const { id } = useParams({ strict: false }) as { id: string }
  const { data: code, etag, error, refetch } = useCall(getCode, { id }, { everyMs: 5_000 })
  const nameOf = useCodeName()
  const may = useMay('operator')
  const [asked, setAsked] = useState<{ for: string; act: Asked }>()
  const crumb = <Link to="/codes">{t('title')}</Link>
  if (!code || code.id !== id)
    return (
      <UnreadPage
        title={t('one')}
        missing={t('missing')}
        list={{ to: '/codes', title: t('title'), all: t('allCodes') }}
        error={error}
        onRetry={() => void refetch()}
      />
    )
  // of another code nothing was asked, though its page came up in the place of this one
  const act = asked?.for === id ? asked.act : undefined
  const ask = (act: Asked) => setAsked({ for: id, act })
  const close = () => setAsked(undefined)
  const open = may && canEdit(code)
  const mayEdit = (what: 'destination' | 'terms') =>
    open && (what === 'terms' || editable[code.kind].includes('destination')) ? () => ask(what) : undefined
  return (
    <Page
      title={nameOf(code)}
      crumb={crumb}
      below={
        <>
          <StateBadge look={codeLook[code.state]}>{t(`state.${code.state}`)}</StateBadge>
          <KindWord of={code} />
          <CopyId id={code.id} />
          {code.owner && (
            <span>
              {t('owner')} {code.owner.username}
            </span>
          )}
        </>
      }
      actions={
        may && (
          <>
            {canReissue(code) && (
              <Button
                variant={code.destination && code.state !== 'revoked' ? 'default' : 'filled'}
                leftSection={<Icon of={IconRefresh} />}
                onClick={() => ask('reissue')}
              >
                {t('reissue')}
              </Button>
            )}
            {code.state !== 'revoked' && (
              <Button
                variant="default"
                className={style.danger}
                leftSection={<Icon of={IconBan} />}
                onClick={() => ask('revoke')}
              >
                {t('revoke')}
              </Button>
            )}
          </>
        )
      }
      gutter={false}
    >
      <Columns sideFirst side={<About code={code} etag={etag} may={may} onEdit={mayEdit('terms')} />}>
        <Meaning code={code} may={may} />
        {code.destination && (
          <LeadsTo code={{ ...code, destination: code.destination as Destination }} onEdit={mayEdit('destination')} />
        )}
        {code.kind !== 'static' && <Scans code={code} />}
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
      {act === 'revoke' && <RevokeDialog code={code} onClose={close} />}
      {act === 'reissue' && <ReissueDialog code={code} onClose={close} />}
      {(act === 'destination' || act === 'terms') && <EditCode code={code} etag={etag} part={act} onClose={close} />}
    </Page>
  )
}

/** What its state means for whoever scans it; where another took its place, which one. */
const Meaning = ({ code, may }: { code: Code; may: boolean }) => {
  const { t } = useTranslation('codes')
  const family = authenticates(code.kind) ? 'means' : code.kind === 'link' ? 'meansLink' : 'meansStatic'
  if (!code.replacedBy)
    return (
      <p className={style.lead}>
        {t(`${family}.${code.state}`)} {may && code.state === 'revoked' && canReissue(code) && t('reissueHint')}
      </p>
    )
  return (
    <div className={style.lead}>
      <Note title={t('replaced')}>
        {t(code.kind === 'link' ? 'replacedLink' : 'replacedSecret')}{' '}
        <Link to="/codes/$id" params={{ id: code.replacedBy }}>
          {t('replacedOpen')}
        </Link>
      </Note>
    </div>
  )
}
