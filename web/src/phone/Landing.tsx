/** @jsxImportSource preact */
import type { inspectCode, Out, Problem } from '@postern/contract'
import { useState } from 'preact/hooks'
import type { Kept } from './kept.ts'
import { CopyButton, clock, Facts, Field, Title, useSecondsTo } from './parts.tsx'
import { fieldErrors, inWords } from './refusals.ts'
import { moment, t } from './words.ts'

/** A live code: who issued it, for whom, until when. Nothing is used until the deliberate tap. */
export const Landing = ({
  code,
  kept,
  busy,
  problem,
  since,
  onTap,
}: {
  code: Out<typeof inspectCode>
  kept: Kept
  busy: boolean
  problem: Problem | undefined
  since: number
  onTap: (given: { username?: string; activation?: string }) => void
}) => {
  const first = code.needs.includes('username')
  const byLetter = code.needs.includes('activation')
  const [username, setUsername] = useState(code.username ?? '')
  const [activation, setActivation] = useState('')
  const left = useSecondsTo(code.expiresAt)
  const wait = useSecondsTo(since + (problem?.code === 'rate-limited' ? (problem.retryAfter ?? 5) * 1000 : 0))
  const errors = fieldErrors(problem)
  const typed = activation.replace(/[\s-]/g, '')
  const lost = problem?.status === 0
  return (
    <>
      <Title>{first ? t('first.title') : code.username ? t('live.titleFor', { name: code.username }) : t('live.title')}</Title>
      <p class="lead">{t(first ? 'first.lead' : 'live.lead', { issuer: code.issuer })}</p>
      {inApp() && (
        <section class="note">
          <b>{t('inApp.title')}</b>
          <p>{t('inApp.text')}</p>
          <CopyButton text={`${location.origin}/c/${kept.id}#${kept.secret}`}>{t('inApp.copy')}</CopyButton>
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
                <span class="left" data-ends={left < 60 ? '' : undefined}>
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
          onTap({ ...(first ? { username: username.trim() } : {}), ...(byLetter ? { activation: typed } : {}) })
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
            disabled={busy || wait > 0 || (first && username.trim() === '') || (byLetter && !/^[0-9]{8}$/.test(typed))}
          >
            {t(first ? 'first.tap' : 'live.tap')}
          </button>
          {!first && <p class="hint">{t('live.notYou')}</p>}
        </div>
      </form>
    </>
  )
}

/** Browsers inside other apps keep nothing: what is set up there is gone with the app. */
const inApp = () => /FBAN|FBAV|Instagram|Line\/|MicroMessenger|; wv\)|GSA\//.test(navigator.userAgent)
