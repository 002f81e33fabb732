/** @jsxImportSource preact */
import type { RefusalReason, RequestOptions } from '@postern/contract'
import { useState } from 'preact/hooks'
import { decline, problemOfError } from './calls.ts'
import type { Over } from './kept.ts'
import { clock, Drawing, useSecondsTo } from './parts.tsx'
import { ceremonyWords, signWithPasskey } from './passkey.ts'
import { inWords } from './refusals.ts'
import { State } from './StatePages.tsx'
import { t, type Words } from './words.ts'

/** How a request ended: what happened, what it means, what to do. */
/** `onOver`: of what this phone had claimed. */
type Ended = { over: Over; onOver?: (over: Over) => void; onEnded: () => void }
export const OverPage = ({ over, onOver, onEnded }: Ended) => {
  const still = onOver && 'confirm' in over && over.confirm && <StillNotMe confirm={over.confirm} onOver={onOver} />
  switch (over.how) {
    case 'approved':
      return <State badge="check" tone="ok" title={t('over.approved')} lead={t('over.approvedLead')} />
    case 'declined':
      return (
        <State badge="barred" title={t('over.declined')} lead={t('over.declinedLead')}>
          <p>{t('over.declinedDo')}</p>
        </State>
      )
    case 'not-me':
      return <NotMe over={over} onEnded={onEnded} />
    case 'dead':
      return (
        <State badge="barred" title={t('over.dead')} lead={t('over.deadLead')}>
          <NewOne />
        </State>
      )
    case 'expired':
      return (
        <State badge="clock" title={t('over.expired')} lead={t('over.expiredLead')}>
          <NewOne />
          {still}
        </State>
      )
    case 'elsewhere':
      return (
        <State badge="check" title={t('over.elsewhere')} lead={t('over.elsewhereLead')}>
          <NewOne />
        </State>
      )
    case 'replaced':
      return (
        <State badge="barred" title={t('state.nowReplaced')} lead={t('state.nowReplacedLead')}>
          <Scan />
          {still}
        </State>
      )
    case 'withdrawn':
      return (
        <State badge="barred" title={t('over.withdrawn')} lead={t('over.withdrawnLead')}>
          <NewOne />
          {still}
        </State>
      )
    case 'revoked':
      return (
        <State badge="barred" title={t('state.nowRevoked')} lead={t('over.revokedLead')}>
          <NewOne />
          {still}
        </State>
      )
    case 'device':
      return (
        <State badge="barred" title={t('over.device')} lead={t('over.deviceLead')}>
          <p>{t('over.deviceDo')}</p>
        </State>
      )
    case 'stale':
      return (
        <State badge="clock" title={t('over.stale')} lead={t('over.staleLead')}>
          <Scan />
        </State>
      )
    case 'often':
      return <Often until={over.until} />
    case 'camera':
      return (
        <State badge="clock" title={t('over.camera')} lead={t('over.cameraLead')}>
          <Scan />
        </State>
      )
    case 'another':
      return (
        <State badge="barred" title={t('over.another')} lead={t('over.anotherLead')}>
          <p>{t('over.declinedDo')}</p>
        </State>
      )
    case 'tampered':
      return (
        <State badge="barred" title={t('over.tampered')} lead={t('over.tamperedLead')}>
          <p>{t('over.tamperedDo')}</p>
        </State>
      )
    case 'refused': {
      const lead = over.why && refusedLeads[over.why]
      return (
        <State badge="barred" title={t('over.refused')} lead={t(lead ?? 'over.refusedLead')}>
          {!lead && <p>{t('over.refusedDo')}</p>}
        </State>
      )
    }
  }
}
/** Rules that a page names; one that it does not know is told in general words. */
const refusedLeads: Partial<Record<RefusalReason, Words>> = {
  'computer-first': 'over.computerFirst',
  'device-held': 'over.deviceHeld',
  far: 'over.far',
  'unknown-browser': 'over.unknownBrowser',
  policy: 'over.policy',
}

const Scan = () => (
  <div class="acts">
    <a class="button primary" href="/phone">
      {t('over.scan')}
    </a>
  </div>
)
const NewOne = () => (
  <>
    <p>{t('over.newOne')}</p>
    <div class="acts">
      <a class="button" href="/phone">
        {t('over.scan')}
      </a>
    </div>
  </>
)

const Often = ({ until }: { until: number }) => {
  const left = useSecondsTo(until)
  return (
    <State badge="clock" title={t('over.often')} lead={t('over.oftenLead')}>
      {left > 0 ? <p>{t('over.oftenWait', { clock: clock(left) })}</p> : <NewOne />}
      <p>{t('over.declinedDo')}</p>
    </State>
  )
}

/** Who asked took it back, or time did: whoever did not begin it can tell security all the same. */
const StillNotMe = ({ confirm, onOver }: { confirm: string; onOver: (over: Over) => void }) => {
  const [busy, setBusy] = useState(false)
  const [words, setWords] = useState<string>()
  const say = async () => {
    setBusy(true)
    setWords(undefined)
    try {
      const { options } = await decline({ confirm, reason: 'not-me' })
      onOver({ how: 'not-me', confirm, options })
    } catch (error) {
      const problem = problemOfError(error)
      setWords(inWords(problem, problem.retryAfter ?? 5))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <p class="error" role="alert">
        {words}
      </p>
      <button type="button" class="notme" disabled={busy} onClick={say}>
        <Drawing of="flag" />
        {t('request.notMe')}
      </button>
    </>
  )
}

/** "This was not me": the request is dead and security knows. What is offered besides needs the person's own passkey. */
const NotMe = ({ over, onEnded }: { over: Extract<Over, { how: 'not-me' }>; onEnded: () => void }) => {
  const [busy, setBusy] = useState(false)
  /** A passkey that was not theirs costs its challenge: the next try signs another one. */
  const [options, setOptions] = useState(over.options)
  const [ended, setEnded] = useState<number>()
  const [words, setWords] = useState<string>()
  const end = async () => {
    if (!options) return
    setBusy(true)
    setWords(undefined)
    try {
      const assertion = await signWithPasskey(options).catch((error: unknown) => {
        setWords(t(ceremonyWords(error)))
      })
      if (!assertion) return
      const { sessionsEnded = 0 } = await decline({ confirm: over.confirm, reason: 'not-me', assertion })
      setEnded(sessionsEnded)
      onEnded()
    } catch (error) {
      const problem = problemOfError(error)
      if (problem.options) setOptions(problem.options as RequestOptions)
      setWords(problem.code === 'factor-wrong' ? t('over.notYours') : inWords(problem, problem.retryAfter ?? 5))
    } finally {
      setBusy(false)
    }
  }
  return (
    <State badge="check" title={t('over.notMe')} lead={t('over.notMeLead')}>
      {ended === undefined ? (
        <>
          {options && <p>{t('over.everywhereText')}</p>}
          <p class="error" role="alert">
            {words}
          </p>
          <div class="acts">
            {options && (
              <button type="button" class="button primary" disabled={busy} onClick={end}>
                {t('over.everywhere')}
              </button>
            )}
            <a class="button" href="/phone/me">
              {t('over.missing')}
            </a>
          </div>
        </>
      ) : (
        <>
          {/* the button that was pressed is gone: its answer has the focus */}
          <p role="status" tabIndex={-1} ref={(said) => said?.focus()}>
            {t('over.ended', { count: ended })}
          </p>
          <div class="acts">
            <a class="button" href="/phone/me">
              {t('over.missing')}
            </a>
          </div>
        </>
      )}
    </State>
  )
}
