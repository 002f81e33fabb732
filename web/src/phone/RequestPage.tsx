/** @jsxImportSource preact */
import type { Assertion, claimedRequest, Out, Problem, RequestContext } from '@postern/contract'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { localeOf } from '../ui/locale.ts'
import { countryName } from '../ui/places.ts'
import { approve, decline, onOurClock, problemOfError, requestStanding } from './calls.ts'
import type { Over, RequestClaim } from './kept.ts'
import { clock, Drawing, Title, useSecondsTo } from './parts.tsx'
import { ceremonyWords, signWithPasskey } from './passkey.ts'
import { inWords } from './refusals.ts'
import { signsContext } from './signed.ts'
import { useStanding } from './standing.ts'
import { t, useLanguage } from './words.ts'

/** What is left of a request, in the head of its page; it is said aloud at 30 and 10 seconds. */
export const RequestClock = ({ claim }: { claim: RequestClaim }) => {
  const left = useSecondsTo(onOurClock(claim.expiresAt))
  return (
    <span class="time" data-ends={left <= 12 ? '' : undefined}>
      <Drawing of="clock" />
      <span role="timer">{clock(left)}</span>
      <span class="aside" role="status">
        {left <= 10 ? t('request.tenLeft') : left <= 30 ? t('request.thirtyLeft') : ''}
      </span>
    </span>
  )
}

type Fact = { of: Parameters<typeof Drawing>[0]['of']; says: ComponentChildren; mark?: Mark | undefined }
type Mark = { tone: 'ok' | 'warn' | 'plain'; says: string }
const knownMark = (known: RequestContext['known']): Mark | undefined => {
  if (known === 'unknown') return undefined
  return known === 'yes' ? { tone: 'ok', says: t('request.known') } : { tone: 'warn', says: t('request.notKnown') }
}
const nearMark = ({ near, unasked, country }: RequestContext): Mark | undefined => {
  // policy does not look at it: nothing is said of it, for or against
  if (unasked?.includes('near')) return undefined
  // the same network vouches for its address; of a place that is not known it says nothing
  if (near === 'network' && !country) return undefined
  switch (near) {
    case 'network':
      return { tone: 'ok', says: t('request.near') }
    case 'country':
      return { tone: 'ok', says: t('request.sameCountry') }
    case 'no':
      return { tone: 'warn', says: t('request.far') }
    default:
      return { tone: 'plain', says: t('request.nearUnknown') }
  }
}
const onePlace = (browser: string, platform: string): string => {
  const [first, ...more] = [browser, platform].filter((part) => part !== '' && part !== 'unknown')
  if (!first) return t('request.browserUnknown')
  return more.length > 0 ? t('request.browser', { browser, platform }) : first
}
/** Five facts, what is not usual first. */
const factsOf = (context: RequestContext, language: string, left: number): Fact[] => {
  const { browser, platform, address, country, city, near, known, read, username, askedAt } = context
  const place = [city, countryName(country, localeOf(language))].filter(Boolean).join(', ')
  const ago = Math.max(0, Math.round((Date.now() - onOurClock(askedAt)) / 1000))
  const facts: Fact[] = [
    { of: 'screen', says: onePlace(browser, platform), mark: knownMark(known) },
    { of: 'place', says: place || t('request.placeUnknown'), mark: nearMark(context) },
    {
      of: 'globe',
      says: address ?? t('request.addressUnknown'),
      mark: near === 'network' ? { tone: 'ok', says: t('request.yourNetwork') } : undefined,
    },
    {
      of: 'clock',
      says: t('request.asked', { count: ago }),
      mark: { tone: 'plain', says: t('request.left', { clock: clock(left) }) },
    },
    {
      of: 'person',
      says: username === null ? t('request.asYou') : t('request.as', { name: username }),
      mark: { tone: 'plain', says: t(read === 'frames' ? 'request.readLive' : 'request.readOnce') },
    },
  ]
  return [...facts.filter(({ mark }) => mark?.tone === 'warn'), ...facts.filter(({ mark }) => mark?.tone !== 'warn')]
}

/**
 * Approve with number match: the deed as a question, what is known of who asks, the number of the other screen. Nothing is signed
 * whose challenge does not end with the hash of what stands here.
 */
export const RequestPage = ({
  claim,
  onOptions,
  onOver,
}: {
  claim: RequestClaim
  /** After a wrong number: what the next try signs. */
  onOptions: (options: RequestClaim['options']) => void
  onOver: (over: Over) => void
}) => {
  const language = useLanguage()
  const { context, options, matchLength } = claim
  const [number, setNumber] = useState('')
  const [busy, setBusy] = useState(false)
  const [checked, setChecked] = useState<string>()
  const [words, setWords] = useState<string>()
  const [hint, setHint] = useState<'request.noneShown' | 'request.register'>()
  /** Signed, and its answer got lost: the same is sent again, so that nobody is asked for a finger twice. */
  const signed = useRef<{ assertion: Assertion; match: string } | undefined>(undefined)
  const left = useSecondsTo(onOurClock(claim.expiresAt))
  // biome-ignore lint/correctness/useExhaustiveDependencies: with the clock, not with each drawing
  useEffect(() => {
    if (left === 0 && !busy) onOver({ how: 'expired', confirm: claim.confirm })
  }, [left, busy])
  // biome-ignore lint/correctness/useExhaustiveDependencies: once a challenge; what it is held against stays
  useEffect(() => {
    void signsContext(options.challenge, context).then((same) =>
      same ? setChecked(options.challenge) : onOver({ how: 'tampered' }),
    )
  }, [options.challenge])
  // What ends it elsewhere is said while the page is open, and not only to the next tap: who waits for a tap hears of it.
  useStanding(requestStanding, claim.confirm, (standing) => {
    // what is on its way gets an answer of its own
    const over = !busy && standingOver(standing, claim.confirm)
    if (over) onOver(over)
  })
  const ready = number.length === matchLength && checked === options.challenge

  const failed = async (problem: Problem) => {
    if (problem.reason === 'number') {
      const { triesLeft = 0 } = problem
      signed.current = undefined
      if (triesLeft === 0) return onOver({ how: 'dead' })
      setNumber('')
      if (problem.options) onOptions(problem.options as RequestClaim['options'])
      return setWords(t('request.wrongNumber', { count: triesLeft }))
    }
    if (problem.status !== 0) signed.current = undefined
    if (problem.code === 'factor-wrong' && problem.options) {
      onOptions(problem.options as RequestClaim['options'])
      setHint('request.register')
      return setWords(t('request.otherPasskey'))
    }
    const over = overOf(problem, claim.confirm)
    if (over?.how === 'elsewhere') onOver(await overNow(claim.confirm, over))
    else if (over) onOver(over)
    else setWords(problem.status === 0 ? t('request.lost') : inWords(problem, problem.retryAfter ?? 5))
  }
  const press = async () => {
    if (!ready || busy) return
    setBusy(true)
    setWords(undefined)
    try {
      if (signed.current?.match !== number) {
        try {
          signed.current = { assertion: await signWithPasskey(options), match: number }
        } catch (error) {
          setHint('request.noneShown')
          return setWords(t(ceremonyWords(error)))
        }
      }
      await approve({ confirm: claim.confirm, ...signed.current })
      onOver({ how: 'approved' })
    } catch (error) {
      await failed(problemOfError(error))
    } finally {
      setBusy(false)
    }
  }
  const refuse = async (reason: 'declined' | 'not-me') => {
    if (busy) return
    setBusy(true)
    setWords(undefined)
    try {
      const answer = await decline({ confirm: claim.confirm, reason })
      onOver(reason === 'declined' ? { how: 'declined' } : { how: 'not-me', confirm: claim.confirm, options: answer.options })
    } catch (error) {
      await failed(problemOfError(error))
    } finally {
      setBusy(false)
    }
  }

  return (
    <form
      class="request"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void press()
      }}
    >
      <Title>{t(context.purpose === 'sign-in' ? 'request.signIn' : 'request.stepUp', { issuer: context.issuer })}</Title>
      <p class="why">
        {new URL(context.origin).host}
        {context.reason !== null && <b>{context.reason}</b>}
      </p>
      <ul class="known">
        {factsOf(context, language, left).map(({ of, says, mark }) => (
          <li key={of} data-tone={mark?.tone}>
            <Drawing of={of} />
            <span>{says}</span>
            {mark && (
              <span class="mark">
                {mark.tone !== 'plain' && <Drawing of={mark.tone === 'ok' ? 'check' : 'warn'} />}
                {mark.says}
              </span>
            )}
          </li>
        ))}
      </ul>
      <p class="error" role="alert">
        {words}
      </p>
      {hint && <p class="hint">{t(hint)}</p>}
      <NumberField digits={matchLength} value={number} wrong={words !== undefined && number === ''} onValue={setNumber} />
      <div class="pad">
        {['1', '2', '3', '4', '5', '6', '7', '8', '9'].map((digit) => (
          <Key key={digit} onPress={() => setNumber((now) => (now + digit).slice(0, matchLength))}>
            {digit}
          </Key>
        ))}
        <span />
        <Key onPress={() => setNumber((now) => `${now}0`.slice(0, matchLength))}>0</Key>
        <Key name={t('request.erase')} onPress={() => setNumber((now) => now.slice(0, -1))}>
          <Drawing of="erase" />
        </Key>
      </div>
      <div class="decide">
        <button type="button" class="button" aria-disabled={busy} onClick={() => refuse('declined')}>
          {t('request.decline')}
        </button>
        <button type="submit" class="button primary" aria-disabled={!ready || busy}>
          <Drawing of="finger" />
          {t('request.approve')}
        </button>
      </div>
      <button type="button" class="notme" aria-disabled={busy} onClick={() => refuse('not-me')}>
        <Drawing of="flag" />
        {t('request.notMe')}
      </button>
    </form>
  )
}

export const refusedOver = (problem: Problem): Over => {
  const { reason } = problem
  if (reason === 'often') return { how: 'often', until: Date.now() + (problem.retryAfter ?? 600) * 1000 }
  return reason === 'camera' ? { how: 'camera' } : { how: 'refused', why: reason }
}
/** How a request ended as its standing says; undefined: it lives on. */
const standingOver = ({ state, reason }: Out<typeof claimedRequest>, confirm: string): Over | undefined => {
  if (state === 'claimed') return undefined
  if (state !== 'denied') return { how: state, ...(state === 'approved' ? {} : { confirm }) }
  switch (reason) {
    case 'declined':
    case 'device':
      return { how: reason }
    case 'replaced':
      return { how: reason, confirm }
    case 'not-me':
      return { how: reason, confirm }
    case 'number':
      return { how: 'dead' }
    default:
      return { how: 'refused', why: reason }
  }
}
/** The refusal of a tap says that a request is over, and not why. */
const overNow = async (confirm: string, otherwise: Over): Promise<Over> => {
  try {
    return standingOver(await requestStanding({ confirm }), confirm) ?? otherwise
  } catch {
    return otherwise
  }
}
/** What a refusal of a decision means for the request; undefined: it lives on, and the next tap may do. */
const overOf = (problem: Problem, confirm: string): Over | undefined => {
  switch (problem.code) {
    case 'not-allowed':
      return refusedOver(problem)
    case 'conflict':
      return { how: problem.reason === 'another-person' ? 'another' : 'elsewhere' }
    case 'code-expired':
      return { how: 'expired', confirm }
    case 'code-used':
    case 'code-revoked':
    case 'code-unknown':
    case 'session-binding':
      return { how: 'elsewhere' }
    default:
      return undefined
  }
}

/** One input; the cells are paint, and our keys write into it, so that a keyboard need not cover the facts. */
const NumberField = ({
  digits,
  value,
  wrong,
  onValue,
}: {
  digits: number
  value: string
  wrong: boolean
  onValue: (value: string) => void
}) => (
  <div class="ask">
    <label for="number">{t('request.which')}</label>
    <div class="passcode" data-error={wrong ? '' : undefined}>
      <input
        id="number"
        inputMode="numeric"
        autocomplete="one-time-code"
        maxLength={digits + 4}
        value={value}
        aria-invalid={wrong ? true : undefined}
        onInput={(event) => {
          const next = event.currentTarget.value.replace(/\D/g, '').slice(0, digits)
          event.currentTarget.value = next
          onValue(next)
        }}
      />
      <div class="cells" aria-hidden="true">
        {Array.from({ length: digits }, (_, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
          <span key={at} data-current={at === value.length ? '' : undefined}>
            {value[at] ?? ''}
          </span>
        ))}
      </div>
    </div>
  </div>
)
const Key = ({ name, onPress, children }: { name?: string; onPress: () => void; children: ComponentChildren }) => (
  <button type="button" aria-label={name} data-plain={name ? '' : undefined} onClick={onPress}>
    {children}
  </button>
)
