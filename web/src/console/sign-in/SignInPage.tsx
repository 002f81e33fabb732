import { Anchor, Button, PasswordInput, Stack, TextInput, UnstyledButton } from '@mantine/core'
import { useNetwork } from '@mantine/hooks'
import type { SignIn } from '@postern/contract'
import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { Trans, useTranslation } from 'react-i18next'
import { AssuranceBadge } from '../../ui/AssuranceBadge.tsx'
import { Note } from '../../ui/Note.tsx'
import { useTabTitle } from '../../ui/Page.tsx'
import { PasscodeField } from '../../ui/PasscodeField.tsx'
import { Card, PublicShell } from '../../ui/PublicShell.tsx'
import { problemIn, Refused, useWait } from '../../ui/Refused.tsx'
import { useIssuer } from '../deployment.ts'
import { usePasscodeWords } from '../passcode-words.ts'
import style from './SignInPage.module.css'
import { forgetSignIn, PasswordAgain, type Proof, type Proved, proveOnce, rememberedName, resumeSignIn } from './sign-in-flow.ts'

type Step = 'password' | 'totp' | 'recovery-code'

/** Name and password, then a passcode, or a recovery code: the ways that exist now. Whether a name exists is never said. */
export default function SignInPage() {
  const { t } = useTranslation('sign-in')
  const issuer = useIssuer()
  const navigate = useNavigate()
  const { online } = useNetwork()
  const search = useSearch({ strict: false }) as { returnTo?: string; why?: string }
  const returnTo = localPath(search.returnTo)
  const why =
    search.why === 'session-binding' ? 'lifted' : search.why === 'another-phone' || search.why === 'over' ? search.why : undefined
  const [step, setStep] = useState<Step>('password')
  const [username, setUsername] = useState(rememberedName() ?? '')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [recovery, setRecovery] = useState('')
  const [said, setSaid] = useState<'again' | 'againPassword' | 'afterLimit' | 'ended' | undefined>()
  const [stuck, setStuck] = useState(false)
  const opened = useRef(false)
  const heading = useRef<HTMLHeadingElement>(null)
  useTabTitle(t('title'))

  const goOn = (signIn: SignIn) => {
    opened.current = true
    setCode('')
    // What policy demands may be switched off, or belong to a later version of this page: then only people can help.
    if (signIn.next.length === 0 && (signIn.state === 'pending' || signIn.state === 'enrolment-required')) setStuck(true)
    else if (signIn.state === 'enrolment-required')
      void navigate({ to: '/enrol', search: (returnTo ? { returnTo } : {}) as never })
    else if (signIn.state === 'complete') {
      forgetSignIn()
      const to = signIn.returnTo ?? returnTo ?? '/'
      // A whole load: nothing that was typed stays in memory, and the address may belong to another part of the server.
      location.assign(signIn.renewal ? `/enrol?${new URLSearchParams({ returnTo: to })}` : to)
    } else if (signIn.state === 'pending') {
      const second = signIn.next.includes('totp') ? 'totp' : signIn.next.includes('recovery-code') ? 'recovery-code' : 'password'
      setStep((now) => (now !== 'password' && signIn.next.includes(now) ? now : second))
    } else startOver('ended')
  }
  const backToPassword = (why?: typeof said) => {
    opened.current = false
    forgetSignIn()
    setStuck(false)
    setSaid(why)
    setPassword('')
    setCode('')
    setStep('password')
  }
  const startOver = (why?: typeof said) => {
    backToPassword(why)
    proof.reset()
  }
  const proof = useMutation<Proved, unknown, Proof>({
    mutationFn: (given) => proveOnce(given, opened.current, { username, password, returnTo }),
    onMutate: () => setSaid(undefined),
    onSuccess: ({ signIn, anew }) => {
      if (anew) setSaid('again')
      goOn(signIn)
    },
    onError: (error) => {
      if (error instanceof PasswordAgain) startOver('againPassword')
      // After a limit the server begins again with the password; how long to wait goes on being shown.
      else if (problemIn(error)?.code === 'rate-limited' && step !== 'password') backToPassword('afterLimit')
      // The sign-in itself stays open after a wrong proof; after anything else it is not certain.
      else if (problemIn(error)?.code === 'no-session') opened.current = false
      else opened.current = problemIn(error)?.status !== 0 || opened.current
    },
    meta: { staysHere: true },
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, as the page opens
  useEffect(() => {
    resumeSignIn().then(
      (signIn) => signIn?.state === 'pending' && !signIn.next.includes('password') && goOn(signIn),
      () => {},
    )
  }, [])
  // The field takes the focus at the other steps.
  useEffect(() => {
    if (step === 'recovery-code') heading.current?.focus()
  }, [step])

  const problem = problemIn(proof.error)
  const wait = useWait(problem, proof.submittedAt)
  const passcodeWords = usePasscodeWords(step === 'totp' ? proof.error : null, proof.submittedAt)
  const limited = problem?.code === 'rate-limited'
  const waiting = limited && wait > 0
  const submit = (given: Proof) => {
    if (!proof.isPending && !waiting) proof.mutate(given)
  }
  const unusual =
    proof.error !== null && !['factor-wrong', 'rate-limited', 'totp-replayed', 'clock-skew'].includes(problem?.code ?? '')

  return (
    <PublicShell name={issuer} footer={<Link to="/check">{t('check')}</Link>} footerEnd={t('neverSent', { org: issuer })}>
      <Card className={style.card}>
        <h1 ref={heading} tabIndex={-1}>
          {step === 'password' ? t('title') : step === 'totp' ? t('passcodeTitle') : t('recoveryTitle')}
        </h1>
        <p className={style.to}>
          {step === 'password' ? (
            <Trans t={t} i18nKey="to" values={{ issuer, host: location.host }} components={{ 1: <span className="strong" /> }} />
          ) : (
            <>
              <Trans t={t} i18nKey="as" values={{ name: username }} components={{ 1: <span className="strong" /> }} />{' '}
              <UnstyledButton className={style.inline} onClick={() => startOver()}>
                {t('another')}
              </UnstyledButton>
            </>
          )}
        </p>
        <Stack gap="lg">
          {why && step === 'password' && !said && <Note tone={why === 'lifted' ? 'warn' : 'idle'}>{t(why)}</Note>}
          {said && <Note tone="warn">{t(said)}</Note>}
          {stuck && (
            <Note tone="warn" title={t('passwordOnlyTitle')}>
              {t('passwordOnlyText', { issuer })}
            </Note>
          )}
          {!online && <Note tone="warn">{t('offline')}</Note>}
          {limited && !waiting && <Note>{t('waitOver')}</Note>}
          {waiting && step !== 'totp' && (
            <Note tone="warn" title={t('wait', { seconds: wait })}>
              {t('waitText')}
            </Note>
          )}
          {unusual && step !== 'totp' && !(proof.error instanceof PasswordAgain) && <Refused error={proof.error} />}
          {step === 'password' && (
            <form
              onSubmit={(event) => {
                event.preventDefault()
                submit({ kind: 'password', username, password })
              }}
            >
              <Stack gap="lg">
                <TextInput
                  size="md"
                  label={t('name')}
                  name="username"
                  autoComplete="username"
                  autoCapitalize="none"
                  spellCheck={false}
                  required
                  withAsterisk={false}
                  autoFocus={username === ''}
                  value={username}
                  onChange={(change) => setUsername(change.currentTarget.value)}
                />
                <PasswordInput
                  size="md"
                  label={t('password')}
                  name="password"
                  autoComplete="current-password"
                  required
                  withAsterisk={false}
                  autoFocus={username !== ''}
                  value={password}
                  error={problem?.code === 'factor-wrong' ? t('mismatch') : undefined}
                  onChange={(change) => setPassword(change.currentTarget.value)}
                />
                <Button type="submit" size="lg" fullWidth loading={proof.isPending} disabled={waiting}>
                  {t('submit')}
                </Button>
              </Stack>
            </form>
          )}
          {step === 'totp' && (
            <form
              onSubmit={(event) => {
                event.preventDefault()
                submit({ kind: 'totp', code })
              }}
            >
              <Stack gap="sm">
                <PasscodeField
                  label={t('passcode')}
                  value={code}
                  onChange={setCode}
                  onComplete={(whole) => submit({ kind: 'totp', code: whole })}
                  error={passcodeWords}
                  autoFocus
                />
                <Button type="submit" size="lg" fullWidth loading={proof.isPending} disabled={waiting || code.length < 6}>
                  {t('submit')}
                </Button>
              </Stack>
            </form>
          )}
          {step === 'recovery-code' && (
            <form
              onSubmit={(event) => {
                event.preventDefault()
                submit({ kind: 'recovery-code', code: recovery })
              }}
            >
              <Stack gap="lg">
                <TextInput
                  size="md"
                  label={t('recovery')}
                  description={t('recoveryText')}
                  autoComplete="off"
                  autoCapitalize="none"
                  spellCheck={false}
                  required
                  withAsterisk={false}
                  maxLength={64}
                  classNames={{ input: style.mono ?? '' }}
                  value={recovery}
                  error={problem?.code === 'factor-wrong' ? t('recoveryMismatch') : undefined}
                  onChange={(change) => setRecovery(change.currentTarget.value)}
                />
                <Button type="submit" size="lg" fullWidth loading={proof.isPending} disabled={waiting}>
                  {t('submit')}
                </Button>
              </Stack>
            </form>
          )}
          <div className={style.foot}>
            {step === 'password' && (
              <div className={style.way}>
                <span>
                  <b>{t('way')}</b>
                  <br />
                  {t('wayText')}
                </span>
                <AssuranceBadge acr="aal2" amr={['pwd', 'otp', 'mfa']} />
              </div>
            )}
            {step === 'totp' && (
              <Anchor component="button" type="button" size="sm" onClick={() => [proof.reset(), setStep('recovery-code')]}>
                {t('useRecovery')}
              </Anchor>
            )}
            {step === 'recovery-code' && (
              <Anchor component="button" type="button" size="sm" onClick={() => [proof.reset(), setStep('totp')]}>
                {t('usePasscode')}
              </Anchor>
            )}
            <p className="small t3">{t('noSms')}</p>
          </div>
        </Stack>
      </Card>
    </PublicShell>
  )
}

/** Only a path of our own is gone to after a sign-in. */
const localPath = (path: string | undefined) => (path && /^\/(?![/\\])/.test(path) ? path : undefined)
