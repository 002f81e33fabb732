/** @jsxImportSource preact */
import type { inspectCode, Out, Problem } from '@postern/contract'
import { useEffect, useState } from 'preact/hooks'
import { onOurClock } from './calls.ts'
import type { Kept } from './kept.ts'
import { CopyButton, clock, Facts, Field, Title, useSecondsTo } from './parts.tsx'
import { hasPasskeys } from './passkey.ts'
import { fieldErrors, inWords } from './refusals.ts'
import { moment, t } from './words.ts'

type Looked = Out<typeof inspectCode>
type Factor = 'totp' | 'device'
export type Tapped = { username?: string; factor?: Factor; activation?: string }

const isRequest = ({ kind }: Looked) => kind === 'sign-in' || kind === 'approve'
const wordsFor = (code: Looked, first: boolean): { title: string; lead: string; tap: string; notYou: string } => {
  const { issuer, username } = code
  if (first) return { title: t('first.title'), lead: t('first.lead', { issuer }), tap: t('first.tap'), notYou: t('live.notYou') }
  if (isRequest(code))
    return {
      title: t(code.kind === 'sign-in' ? 'request.signIn' : 'request.stepUp', { issuer }),
      lead: t('request.landing'),
      tap: t('request.continue'),
      notYou: t('live.notYou'),
    }
  const device = code.kind === 'enrol-device'
  return {
    title: username
      ? t(device ? 'device.titleFor' : 'live.titleFor', { name: username })
      : t(device ? 'device.title' : 'live.title'),
    lead: t(device ? 'device.lead' : 'live.lead', { issuer }),
    tap: t(device ? 'device.tap' : 'live.tap'),
    notYou: t('live.notYou'),
  }
}

/** A live code: who issued it, for whom, until when. Nothing is used until the deliberate tap. */
export const Landing = ({
  code,
  kept,
  busy,
  problem,
  since,
  onTap,
}: {
  code: Looked
  kept: Kept
  busy: boolean
  problem: Problem | undefined
  since: number
  onTap: (given: Tapped) => void
}) => {
  const first = code.needs.includes('username')
  const choosing = code.needs.includes('factor')
  const byLetter = code.needs.includes('activation')
  const [username, setUsername] = useState(code.username ?? '')
  const [activation, setActivation] = useState('')
  const [factor, setFactor] = useState<Factor>('totp')
  useEffect(() => {
    // the strongest way is the one chosen, where this device has it
    if (choosing && hasPasskeys())
      void PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().then((has) => setFactor(has ? 'device' : 'totp'))
  }, [choosing])
  const left = useSecondsTo(onOurClock(code.expiresAt))
  const wait = useSecondsTo(since + (problem?.code === 'rate-limited' ? (problem.retryAfter ?? 5) * 1000 : 0))
  const errors = fieldErrors(problem)
  const typed = activation.replace(/[\s-]/g, '')
  const lost = problem?.status === 0
  const words = wordsFor(code, first)
  /** Without passkeys a tap would use the code up for nothing. */
  const cannot = (isRequest(code) || code.kind === 'enrol-device') && !hasPasskeys()
  return (
    <>
      <Title>{words.title}</Title>
      <p class="lead">{words.lead}</p>
      {(cannot || inApp()) && (
        <section class="note">
          <b>{t(inApp() ? 'inApp.title' : 'inApp.noPasskeys')}</b>
          <p>{t(cannot ? 'inApp.cannot' : 'inApp.text')}</p>
          <CopyButton text={isRequest(code) ? `${location.origin}/phone` : `${location.origin}/c/${kept.id}#${kept.secret}`}>
            {t('inApp.copy')}
          </CopyButton>
        </section>
      )}
      <Facts
        of={[
          [t('issuedBy'), code.issuer],
          ...(code.username && !first ? [[t('for'), code.username] as [string, string]] : []),
          [
            t('until'),
            <>
              {moment(code.expiresAt)}
              {left < 3600 && (
                <span class="left" data-ends={left < (isRequest(code) ? 12 : 60) ? '' : undefined}>
                  {t('left', { clock: clock(left) })}
                </span>
              )}
            </>,
          ],
          [t('address'), location.host],
        ]}
      />
      <form
        class="grow"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          onTap({
            ...(first ? { username: username.trim() } : {}),
            ...(choosing ? { factor } : {}),
            ...(byLetter ? { activation: typed } : {}),
          })
        }}
      >
        {first && (
          <Field
            label={t('first.username')}
            hint={t('first.usernameHint')}
            name="username"
            autocomplete="username"
            value={username}
            onValue={setUsername}
            error={errors.username}
          />
        )}
        {choosing && hasPasskeys() && (
          <fieldset class="choice">
            <legend>{t('first.factor')}</legend>
            {(['device', 'totp'] as const).map((each) => (
              <label key={each}>
                <input type="radio" name="factor" value={each} checked={factor === each} onChange={() => setFactor(each)} />
                <span>
                  {t(`first.${each}`)}
                  <small>{t(`first.${each}Text`)}</small>
                </span>
              </label>
            ))}
          </fieldset>
        )}
        {byLetter && (
          <Field
            label={t('activation.label')}
            hint={t('activation.hint')}
            name="activation"
            autocomplete="one-time-code"
            inputmode="numeric"
            value={activation}
            onValue={setActivation}
            error={
              errors.activation &&
              errors.activation +
                (problem?.triesLeft === undefined ? '' : ` ${t('wrong.triesLeft', { count: problem.triesLeft })}`)
            }
          />
        )}
        {problem && !errors.username && !errors.activation && (
          <p class="error" role="alert">
            {lost ? t('key.tryLost') : inWords(problem, wait)}
          </p>
        )}
        <div class="acts">
          <p class="hint">{t('onlyTap')}</p>
          <button
            type="submit"
            class="button primary"
            disabled={cannot || busy || wait > 0 || (first && username.trim() === '') || (byLetter && !/^[0-9]{8}$/.test(typed))}
          >
            {words.tap}
          </button>
          {!first && <p class="hint">{words.notYou}</p>}
        </div>
      </form>
    </>
  )
}

/** Browsers inside other apps keep nothing: what is set up there is gone with the app. */
const inApp = () => /FBAN|FBAV|Instagram|Line\/|MicroMessenger|; wv\)|GSA\//.test(navigator.userAgent)
