/** @jsxImportSource preact */
import type { inspectCode, Out } from '@postern/contract'
import type { ComponentChildren } from 'preact'
import { Facts, Title, useSecondsTo } from './parts.tsx'
import { day, moment, t } from './words.ts'

type Looked = Out<typeof inspectCode>
type Badge = 'check' | 'clock' | 'barred' | 'question'
const badges: Record<Badge, string> = {
  check: 'M3 8.5l3.2 3.2L13 5',
  clock: 'M8 4.2V8l2.6 1.6',
  barred: 'M4 12L12 4',
  question: 'M6 6.2a2 2 0 1 1 2.6 1.9c-.4.1-.6.5-.6.9v.4M8 11.6v.01',
}

/** Every end has its page: what happened, what it means, what to do. Never whose it was, on which device or where. */
export const State = ({
  badge,
  title,
  lead,
  tone,
  children,
}: {
  badge: Badge
  title: string
  lead: string
  tone?: 'ok'
  children?: ComponentChildren
}) => (
  <>
    <div class={tone === 'ok' ? 'picture good' : 'picture'} aria-hidden="true">
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M2.4 2.4h4.2v4.2H2.4zM9.4 2.4h4.2v4.2H9.4zM2.4 9.4h4.2v4.2H2.4zM9.4 9.4h1.6V11M13.6 9.4v1.8M9.4 13.6h1.4M13.6 13.6v.01" />
      </svg>
      <span>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d={badges[badge]} />
        </svg>
      </span>
    </div>
    <Title>{title}</Title>
    <p class="lead">{lead}</p>
    {children}
  </>
)
const Part = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <section class="part">
    <h2>{title}</h2>
    <p>{children}</p>
  </section>
)
const NewCode = () => <Part title={t('state.newCode')}>{t('state.newCodeText')}</Part>
const SignIn = () => (
  <div class="acts">
    <a class="button" href="/sign-in">
      {t('state.toSignIn')}
    </a>
  </div>
)

const named = (kind: Looked['kind']) => t(kind === 'enrol-device' ? 'codeNameDevice' : 'codeName')
export const Used = ({ code }: { code: Looked }) => (
  <State badge="check" title={t('state.used')} lead={t('state.usedLead')}>
    <Facts
      of={[
        [t('code'), named(code.kind)],
        ...(code.usedAt ? [[t('used'), moment(code.usedAt)] as [string, string]] : []),
        [t('state.usedOpened'), t('state.usedRecord')],
      ]}
    />
    {code.usedAt && <Part title={t('state.usedYou', { day: day(code.usedAt) })}>{t('state.usedYouText')}</Part>}
    <Part title={t('state.usedNot')}>{t(code.kind === 'enrol-device' ? 'state.usedNotDevice' : 'state.usedNotText')}</Part>
    <NewCode />
    <SignIn />
  </State>
)
/** Opened a second time by the very browser that used it. */
export const UsedHere = ({ code: { usedAt } }: { code: Looked }) => (
  <State badge="check" title={t('state.own')} lead={t('state.ownLead')}>
    {usedAt && <Facts of={[[t('used'), moment(usedAt)]]} />}
    <SignIn />
  </State>
)
/** Tapped here, and the answer or the key was lost with the tab. */
export const ClaimedHere = ({
  kind,
  onTap,
  busy,
  error,
}: {
  kind: Looked['kind']
  onTap: () => void
  busy: boolean
  error: string | undefined
}) => (
  <State
    badge="clock"
    title={t('state.ownClaimed')}
    lead={t(kind === 'enrol-device' ? 'state.ownClaimedDevice' : 'state.ownClaimedLead')}
  >
    <p class="error" role="alert">
      {error}
    </p>
    <NewCode />
    <div class="acts">
      <button type="button" class="button primary" disabled={busy} onClick={onTap}>
        {t('state.ownClaimedTap')}
      </button>
    </div>
  </State>
)
export const Expired = ({ code }: { code: Looked }) => (
  <State badge="clock" title={t('state.expired')} lead={t('state.expiredLead')}>
    <Facts
      of={[
        [t('code'), named(code.kind)],
        [t('until'), moment(code.expiresAt)],
      ]}
    />
    {code.bootstrap ? <FirstOperator /> : <NewCode />}
    <SignIn />
  </State>
)
const FirstOperator = () => (
  <section class="part">
    <p>{t('state.newCodeFirst')}</p>
    <pre class="command">npx postern bootstrap</pre>
  </section>
)
export const Revoked = ({ code: { issuer } }: { code: Looked }) => (
  <State badge="barred" title={t('state.revoked')} lead={t('state.revokedLead', { org: issuer })}>
    <Part title={t('state.revokedAsk')}>{t('state.revokedAskText')}</Part>
    <NewCode />
    <SignIn />
  </State>
)
export const NotYet = ({ code }: { code: Looked }) => (
  <State badge="clock" title={t('state.notYet')} lead={t('state.notYetLead', { time: moment(code.notBefore ?? code.expiresAt) })}>
    <Facts
      of={[
        [t('code'), named(code.kind)],
        [t('issuedBy'), code.issuer],
        [t('until'), moment(code.expiresAt)],
      ]}
    />
    <p>{t('state.notYetText')}</p>
  </State>
)
export const Unknown = () => (
  <State badge="question" title={t('state.unknown')} lead={t('state.unknownLead')}>
    <p>{t('state.unknownDo')}</p>
    <p>
      <a href="/check">{t('state.check')}</a>
    </p>
  </State>
)
export const NoSecret = () => (
  <State badge="question" title={t('state.noSecret')} lead={t('state.noSecretLead')}>
    <p>{t('state.noSecretDo')}</p>
  </State>
)
/** How a set-up ended that this browser had begun; undefined: only that it did. */
export type EndedHow = 'failed' | 'lapsed' | 'revoked' | 'replaced'
const endings = {
  failed: ['state.ended', 'state.failedLead'],
  lapsed: ['state.ended', 'state.lapsedLead'],
  revoked: ['state.nowRevoked', 'state.nowRevokedLead'],
  replaced: ['state.nowReplaced', 'state.nowReplacedLead'],
} as const
export const Ended = ({ device, how, first }: { device: boolean; how?: EndedHow | undefined; first: boolean }) => {
  const [title, lead] = how ? endings[how] : (['state.ended'] as const)
  const nothing = t(device ? 'state.nothingDevice' : 'state.nothingKey')
  return (
    <State badge="barred" title={t(title)} lead={lead ? `${t(lead)} ${nothing}` : nothing}>
      {how === 'revoked' && <Part title={t('state.revokedAsk')}>{t('state.revokedAskText')}</Part>}
      {how !== 'replaced' && <NewCode />}
      {first && how !== 'replaced' && <FirstOperator />}
      <SignIn />
    </State>
  )
}
/** A letter’s number was wrong five times: whoever holds the letter alone has nothing. */
export const FiveWrong = () => (
  <State badge="barred" title={t('state.fiveWrong')} lead={t('state.fiveWrongLead')}>
    <NewCode />
    <SignIn />
  </State>
)
/** `lead`: what it means where no code was asked about. */
export const Unreachable = ({ onRetry, lead = t('unreachable.lead') }: { onRetry: () => void; lead?: string }) => (
  <State badge="question" title={t('unreachable.title')} lead={lead}>
    <div class="acts">
      <button type="button" class="button primary" onClick={onRetry}>
        {t('tryAgain')}
      </button>
    </div>
  </State>
)
export const Limited = ({ until, onRetry }: { until: number; onRetry: () => void }) => {
  const seconds = useSecondsTo(until)
  return (
    <State badge="clock" title={t('limited.title')} lead={t('limited.lead', { seconds })}>
      <div class="acts">
        <button type="button" class="button primary" disabled={seconds > 0} onClick={onRetry}>
          {t('tryAgain')}
        </button>
      </div>
    </State>
  )
}
export const Insecure = () => (
  <State badge="barred" title={t('insecure.title')} lead={t('insecure.lead', { host: location.host })}>
    <section class="part">
      <h2>{t('insecure.do')}</h2>
      <ul>
        <li>{t('insecure.https')}</li>
        <li>{t('insecure.desk')}</li>
        <li>{t('insecure.adb')}</li>
      </ul>
    </section>
  </State>
)
