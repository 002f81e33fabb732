/** @jsxImportSource preact */
import type { Device, Problem } from '@postern/contract'
import { useEffect, useRef, useState } from 'preact/hooks'
import { localeOf } from '../ui/locale.ts'
import { countryName } from '../ui/places.ts'
import { Bar } from './Bar.tsx'
import { listMyDevices, problemOfError, reportLost } from './calls.ts'
import { Frame, Title } from './parts.tsx'
import { inWords } from './refusals.ts'
import { State, Unreachable } from './StatePages.tsx'
import { day, t, useLanguage } from './words.ts'

type Stage = { at: 'asking' | 'signed-out' | 'unreachable' } | { at: 'shown'; devices: Device[] }
const signedOut = ({ code }: Problem) => code === 'no-session' || code === 'session-binding'

/** One's devices, by the session that this browser shares with the console; and the way to say that one of them is gone. */
export const MePage = ({ name }: { name: string }) => {
  useLanguage()
  const [stage, setStage] = useState<Stage>({ at: 'asking' })
  const ask = async () => {
    try {
      setStage({ at: 'shown', devices: activeFirst((await listMyDevices({})).items) })
    } catch (error) {
      setStage({ at: signedOut(problemOfError(error)) ? 'signed-out' : 'unreachable' })
    }
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, as the page opens
  useEffect(() => {
    void ask()
  }, [])
  return (
    <Frame name={name} bar={<Bar here="me" />}>
      {stage.at === 'asking' && <Title>{t('me.title')}</Title>}
      {stage.at === 'unreachable' && <Unreachable onRetry={ask} lead={t('me.unreachable')} />}
      {stage.at === 'signed-out' && (
        <State badge="question" title={t('me.signedOut')} lead={t('me.signedOutLead')}>
          <p>{t('me.signedOutLost')}</p>
          <div class="acts">
            <a class="button primary" href="/sign-in?returnTo=/phone/me">
              {t('me.signIn')}
            </a>
          </div>
        </State>
      )}
      {stage.at === 'shown' && (
        <>
          <Title>{t('me.title')}</Title>
          {stage.devices.length === 0 ? (
            <p class="lead">{t('me.none')}</p>
          ) : (
            <>
              <p class="lead">{t(leadOf(stage.devices))}</p>
              <ul class="devices">
                {stage.devices.map((device) => (
                  <Row
                    key={device.id}
                    device={device}
                    onLost={(lost) =>
                      setStage({ at: 'shown', devices: stage.devices.map((each) => (each.id === lost.id ? lost : each)) })
                    }
                    onSignedOut={() => setStage({ at: 'signed-out' })}
                  />
                ))}
              </ul>
            </>
          )}
        </>
      )}
    </Frame>
  )
}

const isActive = ({ state }: Device) => state === 'active'
/** What can sign in, then what is over: who comes in haste sees what there is to end. */
const activeFirst = (devices: Device[]) => [...devices.filter(isActive), ...devices.filter((device) => !isActive(device))]
const leadOf = (devices: Device[]) => {
  const active = devices.filter(isActive).length
  if (active === 0) return 'me.leadNone'
  if (active < devices.length) return 'me.leadActive'
  return active === 1 ? 'me.leadOne' : 'me.lead'
}

const Row = ({ device, onLost, onSignedOut }: { device: Device; onLost: (device: Device) => void; onSignedOut: () => void }) => {
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const [words, setWords] = useState<string>()
  const heading = useRef<HTMLHeadingElement>(null)
  const gone = useRef<HTMLButtonElement>(null)
  const keeping = useRef<HTMLButtonElement>(null)
  /** What had the focus has gone with the last step: it goes on with what stands in its place. */
  const asked = useRef(false)
  useEffect(() => {
    if (asking) keeping.current?.focus()
    else if (asked.current) (gone.current ?? heading.current)?.focus()
    asked.current = asking
  }, [asking])
  const { name, state, stateAt, lastUsedAt, lastCountry, lastCity, synced, current } = device
  const place = [lastCity, countryName(lastCountry, localeOf(useLanguage()))].filter(Boolean).join(', ')
  const report = async () => {
    setBusy(true)
    setWords(undefined)
    try {
      onLost(await reportLost({ id: device.id }))
      setAsking(false)
    } catch (error) {
      const problem = problemOfError(error)
      if (signedOut(problem)) onSignedOut()
      else setWords(inWords(problem, problem.retryAfter ?? 5))
    } finally {
      setBusy(false)
    }
  }
  return (
    <li data-state={state}>
      <h2 ref={heading} tabIndex={-1}>
        {name}
      </h2>
      <p>
        {state === 'active'
          ? t('me.active')
          : t(state === 'lost' ? 'me.lost' : 'me.revoked', { day: day(stateAt ?? device.createdAt) })}
        {current && ` · ${t('me.current')}`}
      </p>
      <p>
        {lastUsedAt ? t('me.lastUsed', { day: day(lastUsedAt) }) : t('me.neverUsed')}
        {lastUsedAt && place && `, ${place}`} · {t(synced ? 'me.synced' : 'me.held')}
      </p>
      {state === 'lost' && (
        <p class="hint" role="status">
          {t('me.lostDone')}
        </p>
      )}
      {state === 'active' && !asking && (
        <button type="button" class="button" ref={gone} onClick={() => setAsking(true)}>
          {t('me.gone')}
        </button>
      )}
      {asking && (
        <section class="note">
          <b>{t('me.sure', { name })}</b>
          <p>{t(current ? 'me.sureCurrent' : 'me.sureText')}</p>
          <div class="decide">
            <button type="button" class="button" ref={keeping} disabled={busy} onClick={() => setAsking(false)}>
              {t('me.keep')}
            </button>
            <button type="button" class="button danger" disabled={busy} onClick={report}>
              {t('me.isGone')}
            </button>
          </div>
        </section>
      )}
      <p class="error" role="alert">
        {words}
      </p>
    </li>
  )
}
