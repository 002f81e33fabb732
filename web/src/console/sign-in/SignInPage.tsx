import { Anchor, Stack, UnstyledButton } from '@mantine/core'
import { useMediaQuery, useNetwork } from '@mantine/hooks'
import type { SignIn, SignInMethod } from '@postern/contract'
import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useEffect, useRef, useState } from 'react'
import { Trans, useTranslation } from 'react-i18next'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { useFocusOnArrival, useTabTitle } from '../../ui/Page.tsx'
import { Card, PublicShell } from '../../ui/PublicShell.tsx'
import { problemIn, Refused, useWait } from '../../ui/Refused.tsx'
import { useIssuer } from '../deployment.ts'
import { localPath } from '../local-path.ts'
import { usePasscodeWords } from '../passcode-words.ts'
import { PasscodeForm, PasswordForm, RecoveryForm } from './forms.tsx'
import { useGoingIn } from './going-in.ts'
import { LostPhone } from './LostPhone.tsx'
import { MovingCode, type MovingCodeHandle } from './MovingCode.tsx'
import { PasskeyWords } from './PasskeyWords.tsx'
import { hasPasskeys, useAutofill } from './passkey.ts'
import style from './SignInPage.module.css'
import {
  askForCode,
  beginSignIn,
  forgetSignIn,
  PasswordAgain,
  type Proof,
  type Proved,
  proveOnce,
  rememberedName,
  untouched,
} from './sign-in-flow.ts'
import { Ways } from './Ways.tsx'

type View = 'ways' | 'password' | 'totp' | 'recovery-code'
/** What is offered while nobody has answered: it is checked by the server as everything is. */
const always: readonly SignInMethod[] = ['password']

/** The ways in, strongest first, and our moving code beside them. Whether a name exists is never said. */
export default function SignInPage() {
  const { t } = useTranslation('sign-in')
  const issuer = useIssuer()
  const navigate = useNavigate()
  const { online } = useNetwork()
  const narrow = useMediaQuery('(max-width: 600px)', undefined, { getInitialValueInEffect: false })
  const stacked = useMediaQuery('(max-width: 820px)', undefined, { getInitialValueInEffect: false })
  const search = useSearch({ strict: false }) as { returnTo?: string; why?: string }
  const returnTo = localPath(search.returnTo)
  const why =
    search.why === 'session-binding' ? 'lifted' : search.why === 'another-phone' || search.why === 'over' ? search.why : undefined
  const [signIn, setSignIn] = useState<SignIn>()
  const [view, setView] = useState<View>('ways')
  const [username, setUsername] = useState(rememberedName() ?? '')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [recovery, setRecovery] = useState('')
  const [said, setSaid] = useState<'again' | 'againPassword' | 'afterLimit' | 'ended' | undefined>()
  const [stuck, setStuck] = useState(false)
  const [codeOpen, setCodeOpen] = useState(false)
  /** No code is drawn in this place or browser: that is said where it would stand, and it is no way in. */
  const [noCodeHere, setNoCodeHere] = useState(false)
  const shownCode = useRef<MovingCodeHandle>(null)
  const heading = useFocusOnArrival()
  const { prepare, goIn } = useGoingIn()
  const secretSent = useRef(false)
  const typed = () => secretSent.current || `${password}${code}${recovery}` !== ''
  useTabTitle(t('title'))

  const goOn = (signIn: SignIn) => {
    setCode('')
    // What is shown stays until the next page is there.
    if (signIn.state !== 'complete') setSignIn(signIn)
    // What policy demands may be switched off, or belong to a later version of this page: then only people can help.
    if (signIn.next.length === 0 && (signIn.state === 'pending' || signIn.state === 'enrolment-required')) setStuck(true)
    else if (signIn.state === 'enrolment-required')
      void navigate({ to: '/enrol', search: (returnTo ? { returnTo } : {}) as never })
    else if (signIn.state === 'complete') {
      // Of this page’s own address: the sign-in may be shared with a tab that wants to go elsewhere.
      const to = returnTo ?? '/'
      goIn(signIn.renewal ? `/enrol?${new URLSearchParams({ returnTo: to })}` : to, typed())
    } else if (signIn.state === 'pending') setView((now) => viewOf(signIn.next, now))
    else startOver('ended')
  }
  const begin = useMutation<SignIn | undefined, unknown, void>({
    mutationFn: () => beginSignIn(returnTo),
    onSuccess: (begun) => (begun ? goOn(begun) : setSignIn(undefined)),
    meta: { staysHere: true },
  })
  const backToPassword = (why?: typeof said) => {
    setSignIn(undefined)
    forgetSignIn()
    setStuck(false)
    setSaid(why)
    setPassword('')
    setCode('')
    setView(why ? 'password' : 'ways')
    begin.mutate()
  }
  const startOver = (why?: typeof said) => {
    backToPassword(why)
    proof.reset()
  }
  const proof = useMutation<Proved, unknown, Proof>({
    mutationFn: (given) => proveOnce(given, signIn, { username, password, returnTo }),
    onMutate: ({ kind }) => {
      setSaid(undefined)
      if (kind !== 'passkey') secretSent.current = true
    },
    onSuccess: ({ signIn, anew }) => {
      if (anew) setSaid('again')
      goOn(signIn)
    },
    onError: (error) => {
      if (error instanceof PasswordAgain) startOver('againPassword')
      // After a limit the server begins again with the password; how long to wait goes on being shown.
      else if (problemIn(error)?.code === 'rate-limited' && signIn && !untouched(signIn)) backToPassword('afterLimit')
      // The sign-in itself stays open after a wrong proof, and after an answer that got lost.
      else if (problemIn(error)?.code === 'no-session') setSignIn(undefined)
    },
    meta: { staysHere: true },
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, as the page opens
  useEffect(() => begin.mutate(), [])
  // The field takes the focus at the other steps.
  useEffect(() => {
    if (view === 'recovery-code') heading.current?.focus()
  }, [view, heading])

  const next = signIn?.state === 'pending' ? signIn.next : always
  const first = next.includes('password')
  const offers = (method: SignInMethod) => next.includes(method)
  const passkeys = offers('passkey') && hasPasskeys()
  const more = passkeys || offers('qr')
  const digits = signIn?.passcodeDigits ?? 6
  const at: View = first ? (more && view !== 'password' ? 'ways' : 'password') : view
  useAutofill(at === 'password' && passkeys && !proof.isPending, (assertion) =>
    proof.mutate({ kind: 'passkey', at: 'here', assertion }),
  )

  const problem = problemIn(proof.error)
  const wait = useWait(problem, proof.submittedAt)
  const passcodeWords = usePasscodeWords(proof.variables?.kind === 'totp' ? proof.error : null, proof.submittedAt)
  const limited = problem?.code === 'rate-limited'
  const waiting = limited && wait > 0
  const submit = (given: Proof) => {
    if (!proof.isPending && (!waiting || given.kind === 'passkey')) proof.mutate(given)
  }
  const show = (to: View) => {
    proof.reset()
    setView(to)
  }
  const unusual =
    proof.error !== null && !['factor-wrong', 'rate-limited', 'totp-replayed', 'clock-skew'].includes(problem?.code ?? '')
  const byPasskey = proof.variables?.kind === 'passkey'
  const ask = useCallback(async () => {
    try {
      const { opened, signIn: anew } = await askForCode(signIn as SignIn, returnTo)
      if (anew) setSignIn(anew)
      return opened
    } catch (error) {
      if (problemIn(error)?.code === 'not-allowed') setNoCodeHere(true)
      throw error
    }
  }, [signIn, returnTo])
  const codeShown = offers('qr') && (!narrow || codeOpen)
  const showCode = () => {
    if (codeShown) shownCode.current?.show()
    setCodeOpen(true)
  }
  // On a phone it stands below the ways, and may begin where the screen ends; its number comes under it.
  useEffect(() => {
    if (codeOpen) shownCode.current?.show('start')
  }, [codeOpen])
  const forms = { busy: proof.isPending && !byPasskey, waiting }

  return (
    <PublicShell
      name={issuer}
      wide
      centred
      footer={
        <span className={style.footLinks}>
          <LostPhone org={issuer} />
          <Link to="/check">{t('check')}</Link>
        </span>
      }
      footerEnd={t('neverSent', { org: issuer })}
    >
      <Card className={codeShown ? style.both : style.one}>
        <section className={style.card}>
          <h1 ref={heading} tabIndex={-1}>
            {first || stuck
              ? t('title')
              : at === 'recovery-code'
                ? t('recoveryTitle')
                : more
                  ? t('secondTitle')
                  : t('passcodeTitle')}
          </h1>
          <p className={style.to}>
            {first ? (
              <Trans
                t={t}
                i18nKey="to"
                values={{ issuer, host: location.host }}
                components={{ 1: <span className="strong" /> }}
              />
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
            {why && first && !said && <Note tone={why === 'lifted' ? 'warn' : 'idle'}>{t(why)}</Note>}
            {said && <Note tone="warn">{t(said)}</Note>}
            {stuck && (
              <Note tone="warn" title={t('passwordOnlyTitle')}>
                {t('passwordOnlyText', { issuer })}
              </Note>
            )}
            {!online && <Note tone="warn">{t('offline')}</Note>}
            {limited && !waiting && <Note>{t('waitOver')}</Note>}
            {waiting && proof.variables?.kind !== 'totp' && (
              <Note tone="warn" title={t(passkeys && !byPasskey ? 'waitOrPasskey' : 'wait', { seconds: wait })}>
                {t('waitText')}
              </Note>
            )}
            {offers('passkey') && !hasPasskeys() && at === 'ways' && (
              <Note title={t('noPasskeysTitle')}>{t('noPasskeysText')}</Note>
            )}
            {begin.error && !proof.error ? <Refused error={begin.error} onRetry={() => begin.mutate()} /> : null}
            {byPasskey && proof.error && !limited ? (
              <PasskeyWords error={proof.error} onCode={offers('qr') && !noCodeHere ? showCode : undefined} />
            ) : (
              unusual &&
              proof.variables?.kind !== 'totp' &&
              !(proof.error instanceof PasswordAgain) && <Refused error={proof.error} />
            )}
            {begin.isPending && !signIn && at !== 'password' && <Loading lines={4} />}
            {(at === 'ways' || at === 'totp') && more && (
              <Ways
                next={noCodeHere ? next.filter((method) => method !== 'qr') : next}
                narrow={narrow}
                code={!codeShown ? 'hidden' : stacked ? 'below' : 'right'}
                busy={proof.isPending && proof.variables?.kind === 'passkey' ? proof.variables.at : undefined}
                onPasskey={(where) => submit({ kind: 'passkey', at: where })}
                onCode={showCode}
                onPassword={first ? () => show('password') : undefined}
                onRecovery={!first && at === 'ways' && offers('recovery-code') ? () => show('recovery-code') : undefined}
              />
            )}
            {at === 'password' && !stuck && !(begin.isPending && !signIn) && (
              <PasswordForm
                {...forms}
                username={username}
                onUsername={setUsername}
                password={password}
                onPassword={setPassword}
                error={problem?.code === 'factor-wrong' && !byPasskey ? t('mismatch') : undefined}
                onSubmit={() => submit({ kind: 'password', username, password })}
              />
            )}
            {at === 'totp' && (
              <PasscodeForm
                {...forms}
                code={code}
                digits={digits}
                onCode={setCode}
                onWhole={(whole) => submit({ kind: 'totp', code: whole })}
                error={passcodeWords}
                onSubmit={() => submit({ kind: 'totp', code })}
              />
            )}
            {at === 'recovery-code' && (
              <RecoveryForm
                {...forms}
                code={recovery}
                onCode={setRecovery}
                error={problem?.code === 'factor-wrong' ? t('recoveryMismatch') : undefined}
                onSubmit={() => submit({ kind: 'recovery-code', code: recovery })}
              />
            )}
            <div className={style.foot}>
              {at === 'password' && more && (
                <Anchor component="button" type="button" size="sm" onClick={() => show('ways')}>
                  {t('otherWays')}
                </Anchor>
              )}
              {at === 'totp' && offers('recovery-code') && (
                <Anchor component="button" type="button" size="sm" onClick={() => show('recovery-code')}>
                  {t('useRecovery')}
                </Anchor>
              )}
              {at === 'recovery-code' && (more || offers('totp')) && (
                <Anchor component="button" type="button" size="sm" onClick={() => show(offers('totp') ? 'totp' : 'ways')}>
                  {t(offers('totp') ? 'usePasscode' : 'otherWays')}
                </Anchor>
              )}
              <p className="small t3">{t('noSms')}</p>
            </div>
          </Stack>
        </section>
        {codeShown && signIn && (
          <div className={style.aside}>
            <MovingCode
              key={String(first)}
              ref={shownCode}
              ask={ask}
              onShown={() => prepare(returnTo ?? '/')}
              onDone={(done) => (done === 'signed in' ? goIn(returnTo ?? '/', typed()) : goOn(done))}
              onPassword={first ? () => show('password') : undefined}
            />
          </div>
        )}
      </Card>
    </PublicShell>
  )
}

/** The step that a sign-in is at: the one shown, while it still may be; else the first of what is asked for. */
const viewOf = (next: readonly SignInMethod[], now: View): View => {
  if (next.includes('password')) return now === 'password' ? now : 'ways'
  if (now === 'recovery-code' && next.includes(now)) return now
  if (next.includes('totp')) return 'totp'
  return next.includes('passkey') || next.includes('qr') ? 'ways' : 'recovery-code'
}
