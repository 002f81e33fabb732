import { Button } from '@mantine/core'
import { requestSeconds, type SignIn } from '@postern/contract'
import { type ReactNode, type Ref, useEffect, useImperativeHandle, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconCheck } from '../../ui/icons.ts'
import { problemIn, useWait } from '../../ui/Refused.tsx'
import { minutesAndSeconds } from '../../ui/times.ts'
import type { MovingCode as Code } from './frames.ts'
import style from './MovingCode.module.css'
import { type CodeState, useFrames, useMovingCode, useSecondsLeft } from './moving-code.ts'
import type { OpenedCode } from './sign-in-flow.ts'

/** Brings the code into view, and asks for a new one where there is none any more. */
export type MovingCodeHandle = { show: (block?: 'nearest' | 'start') => void }

/** Our moving code on its plate, the number beside it, and what becomes of it. Multi-factor, and never called more. */
export const MovingCode = ({
  ask,
  onShown,
  onDone,
  onPassword,
  titled = true,
  ref,
}: {
  ask: () => Promise<OpenedCode>
  /** It is on the screen: some seconds from now it may be approved. */
  onShown?: () => void
  onDone: (signIn: SignIn | 'signed in') => void
  /** Where a role has to prove the password first. */
  onPassword: (() => void) | undefined
  titled?: boolean
  ref?: Ref<MovingCodeHandle>
}) => {
  const { t } = useTranslation('sign-in')
  const { state, start } = useMovingCode({ ask, onShown, onDone })
  const section = useRef<HTMLElement>(null)
  useImperativeHandle(ref, () => ({
    show: (block = 'nearest') => {
      if (!('code' in state) && state.at !== 'asking') start()
      section.current?.scrollIntoView({ block })
      section.current?.focus()
    },
  }))
  const drawn = ['asking', 'shown', 'scanned'].includes(state.at)
  return (
    <section ref={section} tabIndex={-1} className={style.code} aria-label={t('code.label')}>
      {titled && (
        <>
          <h2>{t('code.title')}</h2>
          <p className={style.sub}>{drawn ? t('code.moving') : ' '}</p>
        </>
      )}
      {'code' in state ? (
        <Live code={state.code} at={state.at} />
      ) : state.at === 'asking' ? (
        <div className={style.plate} data-empty="" aria-busy="true">
          <span className="sr-only">{t('code.getting')}</span>
        </div>
      ) : (
        <Over state={state} onAgain={start} onPassword={onPassword} />
      )}
      <span role="status" className="sr-only">
        {state.at === 'scanned' || state.at === 'claimed'
          ? t('code.scanned')
          : state.at === 'approved'
            ? t('code.approved')
            : state.at === 'expired'
              ? t('code.expired')
              : ''}
      </span>
    </section>
  )
}

const Live = ({ code, at }: { code: Code; at: 'shown' | 'scanned' | 'claimed' | 'approved' }) => {
  const { t } = useTranslation(['sign-in', 'common'])
  const drawn = at === 'shown' || at === 'scanned'
  const seconds = useSecondsLeft(code)
  const announced = seconds <= 10 ? 10 : seconds <= 30 ? 30 : undefined
  return (
    <>
      {drawn ? (
        <Plate code={code} />
      ) : (
        <div className={style.plate} data-empty="">
          <Icon of={IconCheck} size={40} />
        </div>
      )}
      {at !== 'shown' && (
        <p className={style.status} aria-hidden="true">
          {t(at === 'approved' ? 'code.approved' : 'code.scanned')}
        </p>
      )}
      <div className={style.time} role="timer" aria-label={t('code.timeLeft')} data-ends={seconds <= 12 ? '' : undefined}>
        {minutesAndSeconds(seconds)}
        <span aria-hidden="true">
          <u style={{ width: `${(seconds / requestSeconds) * 100}%` }} />
        </span>
      </div>
      <span role="status" className="sr-only">
        {announced === undefined ? '' : t('common:time.left', { count: announced })}
      </span>
      <div className={style.match}>
        <strong>
          <span className="sr-only">{t('code.matchLabel')} </span>
          {code.match}
        </strong>
        <p>{t('code.match')}</p>
      </div>
    </>
  )
}

/** The frame of this second. White paper and dark ink in every scheme; its words stay the same, so it is announced once. */
const Plate = ({ code }: { code: Code }) => {
  const { t } = useTranslation('sign-in')
  const symbol = useFrames(code)
  return (
    <div className={style.plate} data-plate="" data-frame={symbol?.n}>
      {symbol && (
        <svg role="img" aria-label={t('code.alt')} viewBox={`0 0 ${symbol.side} ${symbol.side}`} shapeRendering="crispEdges">
          <path d={symbol.path} />
        </svg>
      )}
    </div>
  )
}

/** It ended: what happened, whether anything did, and what to do. */
const Over = ({
  state,
  onAgain,
  onPassword,
}: {
  state: Extract<CodeState, { at: 'denied' | 'expired' | 'failed' }>
  onAgain: () => void
  onPassword: (() => void) | undefined
}) => {
  const { t } = useTranslation('sign-in')
  const problem = state.at === 'failed' ? problemIn(state.error) : undefined
  const since = useRef(Date.now()).current
  const wait = useWait(problem, since)
  // A short wait is waited out here: who asked for a code gets it.
  const soon = problem?.code === 'rate-limited' && (problem.retryAfter ?? 0) <= 30
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the wait is over
  useEffect(() => {
    if (soon && wait === 0) onAgain()
  }, [soon, wait === 0])
  const again = (
    <Button variant="default" onClick={onAgain} disabled={problem?.code === 'rate-limited' && wait > 0}>
      {t('code.again')}
    </Button>
  )
  if (state.at === 'expired') return <Words title={t('code.expired')} text={t('code.expiredText')} action={again} />
  if (state.at === 'denied') {
    const { reason } = state
    const first = reason === 'computer-first' && onPassword
    return (
      <Words
        alert
        title={t(`code.denied.${reason}`)}
        text={t(`code.denied.${reason}Text`)}
        action={
          first ? (
            <Button variant="default" onClick={onPassword}>
              {t('code.enterPassword')}
            </Button>
          ) : (
            again
          )
        }
      />
    )
  }
  if (problem?.code === 'rate-limited')
    return (
      <Words title={t('code.limited')} text={wait > 0 ? t('code.limitedText', { seconds: wait }) : undefined} action={again} />
    )
  if (problem?.code === 'not-allowed') {
    const { reason } = problem
    const named = reason === 'network' || reason === 'unknown-browser'
    return <Words title={t('code.notHere')} text={t(named ? `code.notHereWhy.${reason}` : 'code.notHereText')} />
  }
  return <Words alert title={t('code.failed')} text={t('code.failedText')} action={again} />
}

const Words = ({
  title,
  text,
  action,
  alert = false,
}: {
  title: string
  text?: string | undefined
  action?: ReactNode
  alert?: boolean
}) => (
  <div className={style.over} role={alert ? 'alert' : undefined}>
    <strong>{title}</strong>
    {text && <p>{text}</p>}
    {action}
  </div>
)
