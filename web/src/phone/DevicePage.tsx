/** @jsxImportSource preact */
import type { Problem, RefusalReason, Registration } from '@postern/contract'
import { useEffect, useRef, useState } from 'preact/hooks'
import { onOurClock } from './calls.ts'
import type { DeviceClaim } from './kept.ts'
import { PasswordStep } from './PasswordStep.tsx'
import { clock, Field, Title, useSecondsTo } from './parts.tsx'
import { ceremonyWords, makePasskey } from './passkey.ts'
import { fieldErrors, inWords } from './refusals.ts'
import { t, type Words } from './words.ts'

export type DeviceGiven = { registration: Registration; name?: string; password?: string; currentPassword?: string }

/** What the browser calls the phone it runs on; empty where it does not say. */
const modelOf = async (): Promise<string> => {
  const said = navigator as { userAgentData?: { getHighEntropyValues?: (hints: string[]) => Promise<{ model?: string }> } }
  return (await said.userAgentData?.getHighEntropyValues?.(['model']).catch(() => undefined))?.model ?? ''
}

/** A passkey of this very phone. A ceremony that fails burns nothing: the same options are good until the code's claim ends. */
export const DevicePage = ({
  claim,
  issuer,
  busy,
  problem,
  since,
  onConfirm,
}: {
  claim: DeviceClaim
  issuer: string
  busy: boolean
  problem: Problem | undefined
  since: number
  onConfirm: (given: DeviceGiven) => Promise<void>
}) => {
  const choosing = claim.needs.includes('password')
  const proving = claim.needs.includes('current-password')
  const [password, setPassword] = useState('')
  const [name, setName] = useState('')
  const [making, setMaking] = useState(false)
  const [stopped, setStopped] = useState<Words>()
  /** Made, and not taken yet because of something else, a wrong password: it is sent again, and no second one is made. */
  const made = useRef<Registration | undefined>(undefined)
  const wide = matchMedia('(min-width: 700px)').matches
  const left = useSecondsTo(onOurClock(claim.expiresAt))
  const wait = useSecondsTo(problem?.code === 'rate-limited' ? since + (problem.retryAfter ?? 5) * 1000 : 0)
  const errors = fieldErrors(problem)
  const fieldWrong = errors.password ?? errors.currentPassword
  const owner = typeof claim.options.user.name === 'string' ? claim.options.user.name : ''
  useEffect(() => {
    void modelOf().then((model) => setName((typed) => typed || model.slice(0, 64)))
  }, [])
  // what was refused for itself, and not for a password, is not sent again
  if (problem?.options || (problem?.code === 'factor-wrong' && !fieldWrong)) made.current = undefined

  const press = async () => {
    if (busy || making) return
    setMaking(true)
    setStopped(undefined)
    try {
      made.current ??= await makePasskey(claim.options)
    } catch (error) {
      return setStopped(ceremonyWords(error))
    } finally {
      setMaking(false)
    }
    await onConfirm({
      registration: made.current,
      ...(name.trim() ? { name: name.trim() } : {}),
      ...(choosing ? { password } : proving ? { currentPassword: password } : {}),
    })
  }
  return (
    <>
      <Title>{t(wide ? 'device.pageDesk' : 'device.page')}</Title>
      <p class="lead">{t('key.lead', { name: owner, issuer })}</p>
      <form
        class="grow"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void press()
        }}
      >
        <input type="text" name="username" autocomplete="username" value={owner} readOnly hidden />
        {(choosing || proving) && (
          <PasswordStep
            choosing={choosing}
            value={password}
            onValue={setPassword}
            wrong={fieldWrong}
            triesLeft={problem?.triesLeft}
            since={since}
            names={[owner, issuer, 'postern']}
          />
        )}
        <section class="step">
          <h2>{t('device.passkeyTitle')}</h2>
          <p class="hint">{t(wide ? 'device.passkeyTextDesk' : 'device.passkeyText')}</p>
          <Field
            label={t('device.name')}
            hint={t('device.nameHint')}
            name="device"
            autocomplete="off"
            value={name}
            onValue={setName}
            error={errors.name}
          />
        </section>
        <p class="error" role="alert">
          {stopped ? t(stopped) : problem && !fieldWrong && !errors.name ? wordsOf(problem, wait) : undefined}
        </p>
        <div class="acts">
          <button
            type="submit"
            class="button primary"
            disabled={busy || making || wait > 0 || ((choosing || proving) && password === '')}
          >
            {t(wide ? 'device.makeDesk' : 'device.make')}
          </button>
          <p class="hint" role="timer">
            {t('device.dies', { clock: clock(left) })}
          </p>
        </div>
      </form>
    </>
  )
}
const notAllowed: Partial<Record<RefusalReason, Words>> = {
  'device-held': 'device.deviceHeld',
  model: 'device.model',
  'model-unproven': 'device.modelUnproven',
  'devices-full': 'device.full',
  'known-passkey': 'passkey.already',
}
const wordsOf = (problem: Problem, wait: number): string => {
  if (problem.code === 'factor-wrong') return t('device.notTaken')
  const why = problem.reason && notAllowed[problem.reason]
  if (why) return t(why)
  if (problem.code === 'not-allowed' || problem.code === 'conflict') return t('device.notAllowed')
  return problem.status === 0 ? t('key.tryLost') : inWords(problem, wait)
}
