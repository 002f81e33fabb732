/** @jsxImportSource preact */
import type { EnrolmentState, inspectCode, Out, Problem } from '@postern/contract'
import { useEffect, useRef, useState } from 'preact/hooks'
import { claim, confirm, enrolmentStanding, inspect, onOurClock, problemOfError } from './calls.ts'
import { type DeviceGiven, DevicePage } from './DevicePage.tsx'
import { Done, RecoveryCodes } from './Ending.tsx'
import { askIssuer } from './issuer.ts'
import { type Given, KeyPage } from './KeyPage.tsx'
import {
  type Claim,
  type Confirmed,
  type DeviceClaim,
  forget,
  isRequest,
  type Kept,
  type KeyClaim,
  keep,
  markOwn,
  type Over,
  type RequestClaim,
  takenCode,
  usedHere,
} from './kept.ts'
import { Landing, type Tapped } from './Landing.tsx'
import { OverPage } from './OverPages.tsx'
import { Frame, Title } from './parts.tsx'
import { RequestClock, RequestPage, refusedOver } from './RequestPage.tsx'
import { inWords } from './refusals.ts'
import {
  ClaimedHere,
  Ended,
  type EndedHow,
  Expired,
  FiveWrong,
  Limited,
  NotYet,
  Revoked,
  Unknown,
  Unreachable,
  Used,
  UsedHere,
} from './StatePages.tsx'
import { useStanding } from './standing.ts'
import { t, useLanguage } from './words.ts'

type Looked = Out<typeof inspectCode>
type Stage =
  | { at: 'looking' | 'unknown' | 'unreachable' | 'five-wrong' }
  | { at: 'ended'; device: boolean; how?: EndedHow | undefined; first: boolean }
  | { at: 'limited'; until: number }
  | { at: 'looked'; code: Looked }
  | { at: 'key'; claim: KeyClaim }
  | { at: 'device'; claim: DeviceClaim }
  | { at: 'request'; claim: RequestClaim }
  | { at: 'over'; over: Over }
  | { at: 'confirmed'; confirmed: Confirmed; codes: string[] | undefined; device: boolean }
type Trouble = { problem: Problem; since: number }

const stageOf = (claimed: Claim): Stage =>
  claimed.kind === 'enrol-totp'
    ? { at: 'key', claim: claimed }
    : claimed.kind === 'enrol-device'
      ? { at: 'device', claim: claimed }
      : { at: 'request', claim: claimed }

const endedAs = (state: EnrolmentState): EndedHow | undefined =>
  (['failed', 'lapsed', 'revoked', 'replaced'] as const).find((each) => each === state)
/** The same of a refused confirmation, where its code says it. */
const endedBy: Partial<Record<Problem['code'], EndedHow>> = { 'code-expired': 'lapsed', 'code-revoked': 'revoked' }

/** Who asks, where the stage itself says it. */
const issuerOf = (stage: Stage): string | undefined => {
  switch (stage.at) {
    case 'looked':
      return stage.code.issuer
    case 'key':
      return stage.claim.settings.issuer
    case 'request':
      return stage.claim.context.issuer
    default:
      return undefined
  }
}

/** What a scan opens. The one page for every id: what the code is comes from `inspect`, and only a tap claims. */
export const CodePage = ({ kept }: { kept: Kept }) => {
  useLanguage()
  const [stage, setStage] = useState<Stage>(() => {
    if (kept.over) return { at: 'over', over: kept.over }
    if (kept.confirmed)
      return {
        at: 'confirmed',
        confirmed: kept.confirmed,
        codes: kept.confirmed.recoveryCodes,
        device: kept.factor === 'device',
      }
    if (kept.claim && (isRequest(kept.claim) || onOurClock(kept.claim.expiresAt) > Date.now())) return stageOf(kept.claim)
    return { at: 'looking' }
  })
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Trouble>()
  // whose page it is stays said to the end: a name that changes on the way is what a forged page would have
  const known = useRef(kept.issuer ?? 'Postern')
  known.current = issuerOf(stage) ?? known.current
  const issuer = known.current
  const fail = (error: unknown) => {
    const problem = problemOfError(error)
    setTrouble({ problem, since: Date.now() })
    return problem
  }

  const look = async () => {
    setStage({ at: 'looking' })
    try {
      setStage({ at: 'looked', code: await inspect({ id: kept.id, secret: kept.secret }) })
    } catch (error) {
      const problem = problemOfError(error)
      if (['code-unknown', 'invalid-request', 'not-found'].includes(problem.code)) {
        // no code says whose page this is, and what it says of the code is that of its issuer
        if (!kept.issuer) known.current = await askIssuer()
        setStage({ at: 'unknown' })
      } else if (problem.code === 'rate-limited')
        setStage({ at: 'limited', until: Date.now() + (problem.retryAfter ?? 30) * 1000 })
      else setStage({ at: 'unreachable' })
    }
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, as the page opens
  useEffect(() => {
    if (stage.at === 'looking') void look()
  }, [])

  const end = (over: Over) => {
    // the request is over: nothing of it is of use to this tab, but how it ended
    keep({ id: kept.id, secret: '', issuer, over })
    setStage({ at: 'over', over })
  }
  const tap = async (code: Looked, { username, factor, activation }: Tapped = {}) => {
    setBusy(true)
    try {
      const answer = await claim({
        id: kept.id,
        secret: kept.secret,
        ...(code.ticket ? { ticket: code.ticket } : {}),
        ...(username ? { username, factor: factor ?? 'totp' } : {}),
        ...(activation ? { activation } : {}),
      })
      keep({ ...kept, issuer: code.issuer, claim: answer, ...(username ? { first: true } : {}) })
      if (!isRequest(answer)) markOwn(kept.id, 'claimed')
      setTrouble(undefined)
      setStage(stageOf(answer))
    } catch (error) {
      const problem = fail(error)
      if (code.kind === 'sign-in' || code.kind === 'approve') {
        // a frame that has gone stale meanwhile looks, from here, as a photo would
        if (problem.code === 'code-expired') return end({ how: 'stale' })
        if (problem.code === 'not-allowed' || problem.reason === 'often') return end(refusedOver(problem))
        if (problem.code === 'code-used' || problem.code === 'conflict') return end({ how: 'elsewhere' })
      }
      // The state has changed under our eyes: its own page says what that means.
      if (problem.triesLeft === 0) setStage({ at: 'five-wrong' })
      else if (problem.code.startsWith('code-')) await look()
    } finally {
      setBusy(false)
    }
  }
  const endSetUp = (device: boolean, how: EndedHow | undefined) => {
    markOwn(kept.id, 'ended')
    const first = takenCode()?.first === true
    forget()
    setStage({ at: 'ended', device, how, first })
  }
  // Whoever shows the code may end it while this page is open: it says so by itself, and not only to the next tap.
  useStanding(enrolmentStanding, stage.at === 'key' || stage.at === 'device' ? stage.claim.confirm : undefined, ({ state }) => {
    // what is on its way gets an answer of its own
    if (busy) return
    const how = endedAs(state)
    if (how) endSetUp(stage.at === 'device', how)
    else if (state === 'confirmed') {
      // the answer to the confirmation was lost
      markOwn(kept.id, 'confirmed')
      forget()
      void look()
    }
  })
  const prove = async (given: Given | DeviceGiven) => {
    if (stage.at !== 'key' && stage.at !== 'device') return
    const device = stage.at === 'device'
    setBusy(true)
    try {
      const confirmed = await confirm({ confirm: stage.claim.confirm, signIn: true, ...given })
      markOwn(kept.id, 'confirmed')
      setTrouble(undefined)
      if (confirmed.recoveryCodes)
        keep({ id: kept.id, secret: kept.secret, issuer, confirmed, ...(device ? { factor: 'device' } : {}) })
      else forget()
      setStage({ at: 'confirmed', confirmed, codes: confirmed.recoveryCodes, device })
    } catch (error) {
      const { code, triesLeft, options } = fail(error)
      if (code.startsWith('code-') || triesLeft === 0) {
        endSetUp(device, triesLeft === 0 ? 'failed' : endedBy[code])
      } else if (options && stage.at === 'device') {
        // the challenge of what was refused is spent: the next try makes another passkey, over this one
        const again = { ...stage.claim, options: options as DeviceClaim['options'] }
        keep({ ...(takenCode() ?? kept), claim: again })
        setStage({ at: 'device', claim: again })
      }
    } finally {
      setBusy(false)
    }
  }

  const { problem, since = 0 } = trouble ?? {}
  return (
    <Frame name={issuer} clock={stage.at === 'request' ? <RequestClock claim={stage.claim} /> : undefined}>
      {stage.at === 'looking' && <Looking />}
      {stage.at === 'unknown' && <Unknown />}
      {stage.at === 'unreachable' && <Unreachable onRetry={look} />}
      {stage.at === 'limited' && <Limited until={stage.until} onRetry={look} />}
      {stage.at === 'ended' && <Ended {...stage} />}
      {stage.at === 'five-wrong' && <FiveWrong />}
      {stage.at === 'looked' && (
        <LookedAt
          code={stage.code}
          kept={kept}
          busy={busy}
          problem={problem}
          since={since}
          onTap={(given) => tap(stage.code, given)}
        />
      )}
      {stage.at === 'key' && <KeyPage claim={stage.claim} busy={busy} problem={problem} since={since} onConfirm={prove} />}
      {stage.at === 'device' && (
        <DevicePage claim={stage.claim} issuer={issuer} busy={busy} problem={problem} since={since} onConfirm={prove} />
      )}
      {stage.at === 'request' && (
        <RequestPage
          claim={stage.claim}
          onOptions={(options) => {
            const again = { ...stage.claim, options }
            keep({ ...(takenCode() ?? kept), claim: again })
            setStage({ at: 'request', claim: again })
          }}
          onOver={end}
        />
      )}
      {stage.at === 'over' && <OverPage over={stage.over} onOver={end} onEnded={forget} />}
      {stage.at === 'confirmed' && stage.codes && (
        <RecoveryCodes
          codes={stage.codes}
          owner={`${stage.confirmed.user.username}, ${location.host}`}
          onSaved={() => {
            forget()
            setStage({ ...stage, codes: undefined })
          }}
        />
      )}
      {stage.at === 'confirmed' && !stage.codes && (
        <Done name={stage.confirmed.user.username} signedIn={stage.confirmed.session !== undefined} device={stage.device} />
      )}
    </Frame>
  )
}

type Again = {
  code: Looked
  kept: Kept
  busy: boolean
  problem: Problem | undefined
  since: number
  onTap: (given?: Tapped) => void
}
/** Why one frame of a moving code leads no further; undefined: it does. A frame that came too late looks expired before its code is. */
const overAs = ({ state, expiresAt, ticket }: Looked): 'expired' | 'stale' | 'elsewhere' | 'camera' | undefined => {
  if (state === 'expired') return onOurClock(expiresAt) > Date.now() ? 'stale' : 'expired'
  if (state !== 'live') return 'elsewhere'
  return ticket ? undefined : 'camera'
}
const LookedAt = ({ code, kept, busy, problem, since, onTap }: Again) => {
  if (code.kind === 'sign-in' || code.kind === 'approve') {
    const how = overAs(code)
    if (how) return <OverPage over={{ how }} onEnded={forget} />
  }
  if (code.state === 'live') return <Landing code={code} kept={kept} busy={busy} problem={problem} since={since} onTap={onTap} />
  const mine = usedHere(kept.id)
  switch (code.state) {
    case 'used':
      // The claiming key may ask again for two minutes; after that nobody can.
      if (mine === 'claimed' && code.usedAt && Date.now() - Date.parse(code.usedAt) < 150_000)
        return (
          <ClaimedHere
            kind={code.kind}
            busy={busy}
            error={problem && !problem.code.startsWith('code-') ? inWords(problem, problem.retryAfter ?? 5) : undefined}
            onTap={onTap}
          />
        )
      if (mine === 'ended') return <Ended device={code.kind === 'enrol-device'} first />
      return mine === 'confirmed' ? <UsedHere code={code} /> : <Used code={code} />
    case 'expired':
      return <Expired code={code} />
    case 'revoked':
      return <Revoked code={code} />
    case 'not-yet-valid':
      return <NotYet code={code} />
    default:
      return <Used code={code} />
  }
}

const Looking = () => (
  <>
    <Title>{t('opening')}</Title>
    <p class="lead">{t('openingText')}</p>
  </>
)
