import { Button, Modal, PasswordInput, Stack } from '@mantine/core'
import { currentSession, provePassword, proveTotp, type SignIn, stepUp } from '@postern/contract'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { PasscodeField } from '../../ui/PasscodeField.tsx'
import { problemIn, Refused } from '../../ui/Refused.tsx'
import { queryClient, useAction } from '../calls.ts'
import { usePasscodeWords } from '../passcode-words.ts'
import { rememberSignIn } from '../sign-in/sign-in-flow.ts'
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
  const open = useAction(stepUp, { staysHere: true, onDone: (answer) => next(answer) })
  // biome-ignore lint/correctness/useExhaustiveDependencies: opened once, as the dialogue appears
  useEffect(() => open.mutate({}), [])
  const next = async ({ signIn }: { signIn: SignIn }) => {
    setCode('')
    if (signIn.state === 'complete') {
      await queryClient.invalidateQueries({ queryKey: [currentSession.path] })
      settleStepUp(true)
    } else if (signIn.state === 'pending') setSignIn(signIn)
    else if (signIn.state === 'enrolment-required') toWizard()
    else restart()
  }
  const restart = () => {
    setRestarted(true)
    setSignIn(undefined)
    open.mutate({})
  }
  const provingPassword = useAction(provePassword, { staysHere: true, onDone: next })
  const provingTotp = useAction(proveTotp, { staysHere: true, onDone: next })
  // A proof for a step-up that expired is refused as a conflict.
  const gone = [provingPassword.error, provingTotp.error].some((error) =>
    ['no-session', 'conflict'].includes(problemIn(error)?.code ?? ''),
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: begins anew when this one has ended
  useEffect(() => {
    if (!gone) return
    provingPassword.reset()
    provingTotp.reset()
    restart()
  }, [gone])
  const passcodeWords = usePasscodeWords(provingTotp.error, provingTotp.submittedAt)

  if (open.error) return <Refused error={open.error} onRetry={() => open.mutate({})} />
  if (!signIn) return <Loading lines={2} />
  const asksPassword = signIn.next.includes('password')
  const asksTotp = !asksPassword && signIn.next.includes('totp')
  const need = t(`stepUp.need.${asksPassword ? 'password' : asksTotp ? 'totp' : 'other'}`)
  return (
    <Stack gap="md">
      <p>{t('stepUp.ask', { need })}</p>
      <p className="t3 small">{t('stepUp.why')}</p>
      {restarted && <Note tone="warn">{t('stepUp.expired')}</Note>}
      {asksPassword && (
        <form
          onSubmit={(submit) => {
            submit.preventDefault()
            if (password) provingPassword.mutate({ password })
          }}
        >
          <Stack gap="md">
            <PasswordInput
              label={t('stepUp.password')}
              autoComplete="current-password"
              value={password}
              // it comes with the server's answer, when the dialogue has given the focus away
              autoFocus
              data-autofocus
              error={problemIn(provingPassword.error)?.code === 'factor-wrong' ? t('refusal.factor-wrong.title') : undefined}
              onChange={(change) => setPassword(change.currentTarget.value)}
            />
            {provingPassword.error && problemIn(provingPassword.error)?.code !== 'factor-wrong' && (
              <Refused error={provingPassword.error} />
            )}
            <Button type="submit" loading={provingPassword.isPending}>
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
              label={t('stepUp.passcode')}
              value={code}
              onChange={setCode}
              onComplete={(whole) => provingTotp.mutate({ code: whole })}
              error={passcodeWords}
              autoFocus
            />
            <Button type="submit" loading={provingTotp.isPending} disabled={code.length < 6}>
              {t('stepUp.prove')}
            </Button>
          </Stack>
        </form>
      )}
      {!asksPassword && !asksTotp && <Note tone="warn">{t('stepUp.cannot')}</Note>}
    </Stack>
  )
}
