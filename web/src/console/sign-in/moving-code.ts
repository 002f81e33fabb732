import { deniedReasons, type Out, requestSeconds, type SignIn, signInEvents } from '@postern/contract'
import { useCallback, useEffect, useRef, useState } from 'react'
import { problemIn } from '../../ui/Refused.tsx'
import { followStream } from '../stream.ts'
import { ageOf, type Frame, frameOf, lostStep, type MovingCode, movingCode } from './frames.ts'
import { collect, type OpenedCode } from './sign-in-flow.ts'

type Told = Out<typeof signInEvents>
export type Denied = NonNullable<Told['reason']>
export type CodeState =
  | { at: 'asking' }
  | { at: 'shown' | 'scanned' | 'claimed' | 'approved'; code: MovingCode }
  | { at: 'denied'; reason: Denied }
  | { at: 'expired' }
  | { at: 'failed'; error: unknown }

const lifeMs = requestSeconds * 1000
/** How long after its end the verdict on a claimed code is waited for: it may be on its way. */
const graceMs = 3_000

/**
 * The moving code of one sign-in: asks for it as it is first seen, follows what becomes of it through lost connections, ends
 * after 120 seconds whatever happens, and collects the session once the phone has approved.
 */
export const useMovingCode = (given: {
  ask: () => Promise<OpenedCode>
  onShown: (() => void) | undefined
  onDone: (signIn: SignIn | 'signed in') => void
}) => {
  const [state, setState] = useState<CodeState>({ at: 'asking' })
  const latest = useRef(given)
  latest.current = given
  const now = useRef<AbortController | undefined>(undefined)

  const start = useCallback(() => {
    now.current?.abort()
    const stop = new AbortController()
    now.current = stop
    const set = (next: CodeState | ((was: CodeState) => CodeState)) => {
      if (!stop.signal.aborted) setState(next)
    }
    const end = (next: CodeState) => {
      set(next)
      stop.abort()
    }
    const hear = async (code: MovingCode, { type, reason }: Told) => {
      if (type === 'denied') end({ at: 'denied', reason: reason ?? 'declined' })
      else if (type === 'expired') end({ at: 'expired' })
      else if (type !== 'approved') set((was) => (was.at === 'claimed' ? was : { at: type, code }))
      else {
        set({ at: 'approved', code })
        // The page goes on by itself; the stream has told its last.
        stop.abort()
        try {
          latest.current.onDone(await collect())
        } catch (error) {
          // what approved it, or a rule, may have ended it before the page came to collect
          const why = problemIn(error)?.reason
          const denied = deniedReasons.find((each) => each === why)
          if (denied) setState({ at: 'denied', reason: denied })
          else setState(why === 'expired' ? { at: 'expired' } : { at: 'failed', error })
        }
      }
    }
    const run = async () => {
      set({ at: 'asking' })
      await seen(stop.signal)
      if (stop.signal.aborted) return
      const code = await movingCode(await latest.current.ask())
      set({ at: 'shown', code })
      latest.current.onShown?.()
      await followStream(signInEvents, {}, stop.signal, (told) => void hear(code, told))
    }
    run().catch((error: unknown) => end({ at: 'failed', error }))
  }, [])
  useEffect(() => {
    start()
    return () => now.current?.abort()
  }, [start])

  const code = 'code' in state ? state.code : undefined
  const { at } = state
  useEffect(() => {
    if (!code || at === 'approved') return
    const timer = setInterval(() => {
      const age = ageOf(code)
      if (age >= lifeMs + (at === 'claimed' ? graceMs : 0)) {
        now.current?.abort()
        setState({ at: 'expired' })
      } else if (at !== 'claimed' && lostStep(code)) start()
    }, 250)
    return () => clearInterval(timer)
  }, [code, at, start])
  return { state, start }
}

/** Until the page is looked at: a tab in the background needs no code. */
const seen = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (!document.hidden) return resolve()
    document.addEventListener('visibilitychange', () => resolve(), { once: true, signal })
    signal.addEventListener('abort', () => resolve())
  })

/** The frame to draw now, once a period; none any more when its time is over. */
export const useFrames = (code: MovingCode): Frame | undefined => {
  const [symbol, setSymbol] = useState<Frame>()
  useEffect(() => {
    let ended = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const draw = async () => {
      const age = performance.now() - code.answeredAt
      if (ended || age >= lifeMs) return setSymbol(undefined)
      const n = Math.floor(age / code.periodMs)
      const drawn = await frameOf(code, n)
      if (ended) return
      setSymbol(drawn)
      timer = setTimeout(draw, Math.max(0, code.answeredAt + (n + 1) * code.periodMs - performance.now()))
    }
    void draw()
    return () => {
      ended = true
      clearTimeout(timer)
    }
  }, [code])
  return symbol
}
/** Seconds left of its life. */
export const useSecondsLeft = (code: MovingCode): number => {
  const left = () => Math.max(0, Math.ceil((lifeMs - ageOf(code)) / 1000))
  const [seconds, setSeconds] = useState(left)
  useEffect(() => {
    const timer = setInterval(() => setSeconds(left()), 250)
    return () => clearInterval(timer)
  })
  return seconds
}
