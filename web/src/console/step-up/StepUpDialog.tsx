import { Button, Modal, Stack } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { call, currentSession, openQr, provePassword, proveTotp, type SignIn, stepUp } from '@postern/contract'
import { useMutation } from '@tanstack/react-query'
import { useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { send } from '../../api.ts'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { PasscodeField } from '../../ui/PasscodeField.tsx'
import { PasswordField } from '../../ui/PasswordField.tsx'
import { problemIn, Refused } from '../../ui/Refused.tsx'
import { queryClient, useAction } from '../calls.ts'
import { usePasscodeWords } from '../passcode-words.ts'
import { MovingCode } from '../sign-in/MovingCode.tsx'
import { PasskeyWords } from '../sign-in/PasskeyWords.tsx'
import { hasPasskeys, type PasskeyAt } from '../sign-in/passkey.ts'
import { proveByPasskey, rememberSignIn } from '../sign-in/sign-in-flow.ts'
import { Ways } from '../sign-in/Ways.tsx'
import { settleStepUp, useStepUpAsked } from './step-up.ts'

/** Opens over the page when a change needs a fresh proof; when it is there, the very click goes on. */
export const StepUpDialog = () => {
  const { t } = useTranslation()
  const asked = useStepUpAsked()
  return (
    <Modal
      opened={asked}
      onClose={() => settleStepUp(false)}
      title={t('stepUp.title')}
      closeButtonProps={{ 'aria-label': t('close') }}
      // Dialogues of pages lie below: this one asks on their behalf.
      zIndex={350}
    >
      {asked && <Proofs />}
    </Modal>
  )
}

/** Policy demands a factor that is not there yet: nothing can be proved before it is set up. */
const toWizard = () => {
  rememberSignIn('')
  location.assign(`/enrol?${new URLSearchParams({ returnTo: location.pathname + location.search })}`)
}

const Proofs = () => {
  const { t } = useTranslation()
  const [signIn, setSignIn] = useState<SignIn>()
  const [restarted, setRestarted] = useState(false)
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [codeShown, setCodeShown] = useState(false)
  const narrow = useMediaQuery('(max-width: 600px)', undefined, { getInitialValueInEffect: false })
  const open = useAction(stepUp, { staysHere: true, onDone: (answer) => next(answer) })
  // biome-ignore lint/correctness/useExhaustiveDependencies: opened once, as the dialogue appears
  useEffect(() => open.mutate({}), [])
  const done = async () => {
    await queryClient.invalidateQueries({ queryKey: [currentSession.path] })
    settleStepUp(true)
  }
  const next = async ({ signIn }: { signIn: SignIn }) => {
    setCode('')
    if (signIn.state === 'complete') await done()
    else if (signIn.state === 'pending') setSignIn(signIn)
    else if (signIn.state === 'enrolment-required') toWizard()
    else restart()
  }
  const restart = () => {
    setRestarted(true)
    setSignIn(undefined)
    setCodeShown(false)
    open.mutate({})
  }
  const provingPassword = useAction(provePassword, { staysHere: true, onDone: next })
  const provingTotp = useAction(proveTotp, { staysHere: true, onDone: next })
  const provingPasskey = useMutation<SignIn, unknown, PasskeyAt>({
    mutationFn: (at) => proveByPasskey(at),
    onSuccess: (signIn) => next({ signIn }),
    meta: { staysHere: true },
  })
  const ask = useCallback(async () => (await call(send, openQr, {})).value, [])
  // A proof for a step-up that expired is refused as a conflict.
  const gone = [provingPassword.error, provingTotp.error, provingPasskey.error].some((error) =>
    ['no-session', 'conflict'].includes(problemIn(error)?.code ?? ''),
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: begins anew when this one has ended
  useEffect(() => {
    if (!gone) return
    provingPassword.reset()
    provingTotp.reset()
    provingPasskey.reset()
    restart()
  }, [gone])
  const passcodeWords = usePasscodeWords(provingTotp.error, provingTotp.submittedAt)

  if (open.error) return <Refused error={open.error} onRetry={() => open.mutate({})} />
  if (!signIn) return <Loading lines={2} />
  const asksPassword = signIn.next.includes('password')
  const asksTotp = !asksPassword && signIn.next.includes('totp')
  const digits = signIn.passcodeDigits ?? 6
  const passkeys = signIn.next.includes('passkey') && hasPasskeys()
  const byCode = signIn.next.includes('qr')
  const need = t(`stepUp.need.${passkeys ? 'passkey' : asksPassword ? 'password' : asksTotp ? 'totp' : byCode ? 'qr' : 'other'}`)
  return (
    <Stack gap="md">
      <p>{t('stepUp.ask', { need })}</p>
      <p className="t3 small">{t('stepUp.why')}</p>
      {restarted && <Note tone="warn">{t('stepUp.expired')}</Note>}
      {provingPasskey.error && !gone ? (
        <PasskeyWords error={provingPasskey.error} onCode={byCode ? () => setCodeShown(true) : undefined} />
      ) : null}
      {(passkeys || byCode) && (
        <Ways
          next={signIn.next}
          narrow={narrow}
          code={codeShown ? 'below' : 'hidden'}
          busy={provingPasskey.isPending ? provingPasskey.variables : undefined}
          onPasskey={(at) => provingPasskey.mutate(at)}
          onCode={() => setCodeShown(true)}
          onPassword={undefined}
          onRecovery={undefined}
        />
      )}
      {byCode && codeShown && (
        <MovingCode
          key={`${signIn.id} ${asksPassword}`}
          ask={ask}
          onDone={(signIn) => void (signIn === 'signed in' ? done() : next({ signIn }))}
          onPassword={undefined}
        />
      )}
      {asksPassword && (
        <form
          onSubmit={(submit) => {
            submit.preventDefault()
            if (password) provingPassword.mutate({ password })
          }}
        >
          <Stack gap="md">
            <PasswordField
              label={t('stepUp.password')}
              autoComplete="current-password"
              value={password}
              // it comes with the server's answer, when the dialogue has given the focus away
              autoFocus={!passkeys}
              data-autofocus={passkeys ? undefined : ''}
              error={problemIn(provingPassword.error)?.code === 'factor-wrong' ? t('refusal.factor-wrong.title') : undefined}
              onChange={(change) => setPassword(change.currentTarget.value)}
            />
            {provingPassword.error && problemIn(provingPassword.error)?.code !== 'factor-wrong' && (
              <Refused error={provingPassword.error} />
            )}
            <Button type="submit" variant={passkeys ? 'default' : 'filled'} loading={provingPassword.isPending}>
              {t('stepUp.prove')}
            </Button>
          </Stack>
        </form>
      )}
      {asksTotp && (
        <form
          onSubmit={(submit) => {
            submit.preventDefault()
            provingTotp.mutate({ code })
          }}
        >
          <Stack gap="md">
            <PasscodeField
              label={t(digits === 8 ? 'stepUp.passcodeEight' : 'stepUp.passcodeSix')}
              digits={digits}
              value={code}
              onChange={setCode}
              onComplete={(whole) => provingTotp.mutate({ code: whole })}
              error={passcodeWords}
              // after the password it is what comes next, and may stand far below
              autoFocus={!passkeys || provingPassword.isSuccess}
            />
            <Button
              type="submit"
              variant={passkeys ? 'default' : 'filled'}
              loading={provingTotp.isPending}
              disabled={code.length < digits}
            >
              {t('stepUp.prove')}
            </Button>
          </Stack>
        </form>
      )}
      {!asksPassword && !asksTotp && !passkeys && !byCode && <Note tone="warn">{t('stepUp.cannot')}</Note>}
    </Stack>
  )
}
