import { Button } from '@mantine/core'
import type { Code } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useCopy } from '../../ui/copy.ts'
import { Icon } from '../../ui/Icon.tsx'
import { IconCheck, IconCopy, IconPencil } from '../../ui/icons.ts'
import { Note } from '../../ui/Note.tsx'
import { Facts, Section } from '../../ui/Page.tsx'
import { CountDown, TimeText } from '../../ui/TimeText.tsx'
import { CodeSymbol } from '../brands/CodeSymbol.tsx'
import style from './Codes.module.css'
import { Versions } from './Versions.tsx'
import { authenticates, canReissue } from './words.ts'

/** Beside what a code does: its symbol, the facts that can be edited, and every version of them. */
export const About = ({
  code,
  etag,
  may,
  onEdit,
}: {
  code: Code
  etag: string | undefined
  may: boolean
  onEdit: (() => void) | undefined
}) => {
  const { t } = useTranslation(['codes', 'common'])
  return (
    <>
      <Section title={t('symbol')}>
        {code.url === null ? (
          <Note title={t('symbolOnce')}>
            {t('symbolOnceText')} {may && canReissue(code) && t('symbolAgain')}
          </Note>
        ) : (
          <>
            <CodeSymbol code={code} may={may} />
            <Holds url={code.url} kind={code.kind} />
          </>
        )}
      </Section>
      <Section
        title={t('about')}
        aside={
          onEdit && (
            <Button variant="subtle" size="compact-sm" leftSection={<Icon of={IconPencil} size={14} />} onClick={onEdit}>
              {t('edit.verb')}
            </Button>
          )
        }
      >
        <TermsFacts code={code} />
      </Section>
      <Versions code={code} etag={etag} may={may} />
    </>
  )
}

const TermsFacts = ({ code }: { code: Code }) => {
  const { t, i18n } = useTranslation(['codes', 'common'])
  const { user, state, owner } = code
  const person = ({ id, username }: { id: string; username: string }) => (
    <Link key={id} to="/users/$id" params={{ id }}>
      {username}
    </Link>
  )
  const notYet = code.notBefore && Date.parse(code.notBefore) > Date.parse(code.createdAt)
  const moment = (at: string | null) => (at ? <TimeText key={at} at={at} as="moment" /> : undefined)
  return (
    <Facts
      of={[
        [t('label'), authenticates(code.kind) ? undefined : code.label],
        [t('whom'), user ? person(user) : authenticates(code.kind) ? t('nobody') : undefined],
        [t('owner'), owner ? person(owner) : t('common:none')],
        [t('starts'), notYet ? moment(code.notBefore) : undefined],
        [
          t('ends'),
          <span key="ends">
            {moment(code.expiresAt) ?? t('never')}
            {state === 'live' && code.expiresAt && (
              <>
                , <CountDown to={code.expiresAt} from={code.createdAt} ended={t('state.expired')} />
              </>
            )}
          </span>,
        ],
        [t('works'), authenticates(code.kind) ? t('once') : undefined],
        [
          t('scanLimit'),
          code.kind !== 'link'
            ? undefined
            : code.scanLimit === null
              ? t('common:none')
              : new Intl.NumberFormat(i18n.language).format(code.scanLimit),
        ],
        [t('usedAt'), moment(code.usedAt)],
        [
          t('device'),
          code.device ? (
            <Link key="device" to="/events" search={{ deviceId: code.device.id } as never}>
              {code.device.name}
            </Link>
          ) : undefined,
        ],
        [t('revokedAt'), moment(code.revokedAt)],
        [
          t('issued'),
          <span key="issued">
            {moment(code.createdAt)}, {code.issuedBy ?? t('common:notKnown')}
          </span>,
        ],
      ]}
    />
  )
}

/** What the symbol holds, in letters: to copy, beside the symbol or in its place. */
const Holds = ({ url, kind }: Pick<Code, 'kind'> & { url: string }) => {
  const { t } = useTranslation(['codes', 'common'])
  const { state, copy } = useCopy()
  return (
    <div className={style.holds}>
      <p className="small t2">{t(kind === 'static' ? 'holdsItself' : 'holdsAddress')}</p>
      <p className={style.url}>{url}</p>
      <Button
        variant="default"
        leftSection={<Icon of={state === 'copied' ? IconCheck : IconCopy} />}
        onClick={() => void copy(url)}
      >
        {state === 'copied' ? t('common:copy.done') : t('copyHeld')}
      </Button>
      <span role="status" className={state === 'failed' ? 'small t2' : 'sr-only'}>
        {state === 'copied' ? t('common:copy.done') : state === 'failed' ? t('common:copy.failed') : ''}
      </span>
    </div>
  )
}
