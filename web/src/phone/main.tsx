/** @jsxImportSource preact */
import type { inspectCode, Out, Problem } from '@postern/contract'
import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { claim, confirm, inspect, problemOfError } from './calls.ts'
import { Done, RecoveryCodes } from './Ending.tsx'
import { type Given, KeyPage } from './KeyPage.tsx'
import { type Claim, type Confirmed, forget, type Kept, keep, markOwn, takeCode, usedHere } from './kept.ts'
import { Landing } from './Landing.tsx'
import { Frame, Title } from './parts.tsx'
import { inWords } from './refusals.ts'
import {
  ClaimedHere,
  Ended,
  Expired,
  FiveWrong,
  Insecure,
  Limited,
  NoSecret,
  NotYet,
  Revoked,
  Unknown,
  Unreachable,
  Used,
  UsedHere,
} from './StatePages.tsx'
import { t, useLanguage } from './words.ts'

type Looked = Out<typeof inspectCode>
type Stage =
  | { at: 'looking' | 'unknown' | 'unreachable' | 'ended' | 'five-wrong' }
  | { at: 'limited'; until: number }
  | { at: 'looked'; code: Looked }
  | { at: 'key'; claim: Claim }
  | { at: 'confirmed'; confirmed: Confirmed; codes: string[] | undefined }
type Trouble = { problem: Problem; since: number }

/** What a scan opens. The one page for every id: what the code is comes from `inspect`, and only a tap claims. */
const CodePage = ({ kept }: { kept: Kept }) => {
  useLanguage()
  const [stage, setStage] = useState<Stage>(() => {
    if (kept.confirmed) return { at: 'confirmed', confirmed: kept.confirmed, codes: kept.confirmed.recoveryCodes }
    if (kept.claim && Date.parse(kept.claim.expiresAt) > Date.now()) return { at: 'key', claim: kept.claim }
    return { at: 'looking' }
  })
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Trouble>()
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
      if (['code-unknown', 'invalid-request', 'not-found'].includes(problem.code)) setStage({ at: 'unknown' })
      else if (problem.code === 'rate-limited') setStage({ at: 'limited', until: Date.now() + (problem.retryAfter ?? 30) * 1000 })
      else setStage({ at: 'unreachable' })
    }
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, as the page opens
  useEffect(() => {
    if (stage.at === 'looking') void look()
  }, [])

  const tap = async ({ username, activation }: { username?: string; activation?: string } = {}) => {
    setBusy(true)
    try {
      const answer = await claim({
        id: kept.id,
        secret: kept.secret,
        ...(username ? { username, factor: 'totp' as const } : {}),
        ...(activation ? { activation } : {}),
      })
      keep({ ...kept, claim: answer })
      markOwn(kept.id, 'claimed')
      setTrouble(undefined)
      setStage({ at: 'key', claim: answer })
    } catch (error) {
      // The state has changed under our eyes: its own page says what that means.
      const { code, triesLeft } = fail(error)
      if (triesLeft === 0) setStage({ at: 'five-wrong' })
      else if (code.startsWith('code-')) await look()
    } finally {
      setBusy(false)
    }
  }
  const prove = async (given: Given) => {
    if (stage.at !== 'key') return
    setBusy(true)
    try {
      const confirmed = await confirm({ confirm: stage.claim.confirm, signIn: true, ...given })
      markOwn(kept.id, 'confirmed')
      setTrouble(undefined)
      if (confirmed.recoveryCodes) keep({ id: kept.id, secret: kept.secret, confirmed })
      else forget()
      setStage({ at: 'confirmed', confirmed, codes: confirmed.recoveryCodes })
    } catch (error) {
      const { code, triesLeft } = fail(error)
      if (code.startsWith('code-') || triesLeft === 0) {
        markOwn(kept.id, 'ended')
        forget()
        setStage({ at: 'ended' })
      }
    } finally {
      setBusy(false)
    }
  }

  const issuer =
    stage.at === 'looked'
      ? stage.code.issuer
      : stage.at === 'key'
        ? stage.claim.settings.issuer
        : (kept.claim?.settings.issuer ?? 'Postern')
  const { problem, since = 0 } = trouble ?? {}
  return (
    <Frame name={issuer}>
      {stage.at === 'looking' && <Looking />}
      {stage.at === 'unknown' && <Unknown />}
      {stage.at === 'unreachable' && <Unreachable onRetry={look} />}
      {stage.at === 'limited' && <Limited until={stage.until} onRetry={look} />}
      {stage.at === 'ended' && <Ended />}
      {stage.at === 'five-wrong' && <FiveWrong />}
      {stage.at === 'looked' && stage.code.state === 'live' && (
        <Landing code={stage.code} kept={kept} busy={busy} problem={problem} since={since} onTap={tap} />
      )}
      {stage.at === 'looked' && stage.code.state !== 'live' && (
        <NotLive
          code={stage.code}
          mine={usedHere(kept.id)}
          busy={busy}
          error={problem && !problem.code.startsWith('code-') ? inWords(problem, problem.retryAfter ?? 5) : undefined}
          onTap={() => tap()}
        />
      )}
      {stage.at === 'key' && <KeyPage claim={stage.claim} busy={busy} problem={problem} since={since} onConfirm={prove} />}
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
        <Done name={stage.confirmed.user.username} signedIn={stage.confirmed.session !== undefined} />
      )}
    </Frame>
  )
}

const NotLive = ({
  code,
  mine,
  ...again
}: {
  code: Looked
  mine: 'claimed' | 'confirmed' | 'ended' | undefined
  busy: boolean
  error: string | undefined
  onTap: () => void
}) => {
  switch (code.state) {
    case 'used':
      // The claiming key may ask again for two minutes; after that nobody can.
      if (mine === 'claimed' && code.usedAt && Date.now() - Date.parse(code.usedAt) < 150_000) return <ClaimedHere {...again} />
      if (mine === 'ended') return <Ended />
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

const start = () => {
  const kept = takeCode()
  const page = document.getElementById('page') as HTMLElement
  page.replaceChildren()
  render(!isSecureContext ? <Alone page="insecure" /> : kept ? <CodePage kept={kept} /> : <Alone page="no-secret" />, page)
}
const Alone = ({ page }: { page: 'insecure' | 'no-secret' }) => {
  useLanguage()
  return <Frame name="Postern">{page === 'insecure' ? <Insecure /> : <NoSecret />}</Frame>
}

// Another code scanned into this very tab changes nothing but the fragment: the page begins anew with it.
addEventListener('hashchange', () => {
  if (location.hash) location.reload()
})
start()
