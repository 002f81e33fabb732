/** @jsxImportSource preact */
import type { Problem } from '@postern/contract'
import { useState } from 'preact/hooks'
import { algorithmName, inFours } from '../ui/fours.ts'
import { isUsualKey } from '../ui/usual-key.ts'
import type { KeyClaim } from './kept.ts'
import { PasswordStep } from './PasswordStep.tsx'
import { CopyButton, clock, Passcode, Title, useSecondsTo } from './parts.tsx'
import { fieldErrors, inWords } from './refusals.ts'
import { t } from './words.ts'

export type Given = { code: string; password?: string; currentPassword?: string }

/** The key, what else is needed, and one passcode that proves it arrived. On the last digit it sends itself. */
export const KeyPage = ({
  claim,
  busy,
  problem,
  since,
  onConfirm,
}: {
  claim: KeyClaim
  busy: boolean
  problem: Problem | undefined
  since: number
  onConfirm: (given: Given) => void
}) => {
  const choosing = claim.needs.includes('password')
  const proving = claim.needs.includes('current-password')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const { settings } = claim
  const wide = matchMedia('(min-width: 700px)').matches
  const left = useSecondsTo(claim.expiresAt)
  const wait = useSecondsTo(
    problem?.code === 'rate-limited' || problem?.code === 'totp-replayed' ? since + (problem.retryAfter ?? 5) * 1000 : 0,
  )
  const errors = fieldErrors(problem)
  const fieldWrong = errors.password ?? errors.currentPassword
  const passcodeWords = problem && !fieldWrong ? inWords(problem, wait) : undefined
  const ready = password !== '' || (!choosing && !proving)
  const send = (passcode: string) => {
    if (busy || !ready || (problem?.code === 'rate-limited' && wait > 0)) return
    onConfirm({ code: passcode, ...(choosing ? { password } : proving ? { currentPassword: password } : {}) })
  }
  const symbol = (
    <div class="plate">
      <img
        src={`data:image/svg+xml;base64,${btoa(String.fromCharCode(...new TextEncoder().encode(claim.symbolSvg)))}`}
        alt={t('key.alt')}
      />
    </div>
  )
  const openHere = (
    <a class={wide ? 'button' : 'button primary'} href={claim.otpauthUrl}>
      {t(wide ? 'key.openHereDesk' : 'key.openHere')}
    </a>
  )
  return (
    <>
      <Title>{t('key.title')}</Title>
      <p class="lead">{t('key.lead', { name: settings.label, issuer: settings.issuer })}</p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          send(code)
        }}
      >
        <input type="text" name="username" autocomplete="username" value={settings.label} readOnly hidden />
        {(choosing || proving) && (
          <PasswordStep
            choosing={choosing}
            value={password}
            onValue={setPassword}
            wrong={fieldWrong}
            triesLeft={problem?.triesLeft}
            since={since}
            names={[settings.label, settings.issuer, 'postern']}
          />
        )}
        <section class="step">
          <h2>{t(wide ? 'key.scanDesk' : 'key.appTitle')}</h2>
          {!isUsualKey(settings) && (
            <div class="note">
              <p>{t('key.unusual')}</p>
              <a href="/apps" target="_blank" rel="noreferrer">
                {t('key.unusualApps')}
              </a>
            </div>
          )}
          {wide ? symbol : openHere}
          {!wide && <p class="hint">{t('key.openHint')}</p>}
          <h3>{t('key.type')}</h3>
          <p class="key">{inFours(claim.secret)}</p>
          <p class="hint">
            {t('key.settings', {
              digits: settings.digits,
              seconds: settings.periodSeconds,
              algorithm: algorithmName(settings.algorithm),
            })}
          </p>
          <CopyButton text={claim.secret}>{t('key.copy')}</CopyButton>
          {wide ? (
            openHere
          ) : (
            <details>
              <summary>{t('key.showSymbol')}</summary>
              {symbol}
            </details>
          )}
          <p class="hint">{t('key.forYou')}</p>
        </section>
        <section class="step">
          <h2>{t('key.passcodeTitle')}</h2>
          <Passcode
            label={t(settings.digits === 8 ? 'key.passcodeEight' : 'key.passcodeSix')}
            digits={settings.digits}
            value={code}
            onValue={setCode}
            onComplete={send}
            error={passcodeWords}
          />
          <button type="submit" class="button primary" disabled={busy || !ready || code.length < settings.digits}>
            {t('key.confirm')}
          </button>
          <p class="hint" role="timer">
            {t('key.dies', { clock: clock(left) })}
          </p>
        </section>
      </form>
    </>
  )
}
