import { type CallIn, type Endpoint, type Out, type Problem, problemOf, requestOf } from '@postern/contract'
import { useEffect, useRef, useState } from 'react'
import { background, send } from '../api.ts'

/** One message of a stream (Server-Sent Events): its id, and its data parsed. */
type Message<T> = { id: string; value: T }

/** Reads one connection of a stream until it ends. Read by `fetch`, because an EventSource can carry no proof. */
const readStream = async <E extends Endpoint>(
  endpoint: E,
  input: CallIn<E>,
  {
    lastId,
    signal,
    onOpen,
    onMessage,
  }: { lastId?: string | undefined; signal: AbortSignal; onOpen: () => void; onMessage: (message: Message<Out<E>>) => void },
): Promise<void> => {
  const { path, url } = requestOf(endpoint, input as Record<string, unknown>)
  const headers = { accept: 'text/event-stream', ...background, ...(lastId ? { 'last-event-id': lastId } : {}) }
  const response = await send({ method: endpoint.method, path, url, headers, signal })
  if (!response.ok || !response.body) throw Object.assign(new Error('stream refused'), { problem: await problemOf(response) })
  onOpen()
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    const blocks = (rest + value).split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      let id = ''
      const data: string[] = []
      for (const line of block.split(/\r?\n/)) {
        if (line.startsWith('id:')) id = line.slice(3).trim()
        if (line.startsWith('data:')) data.push(line.slice(5).trimStart())
      }
      if (data.length > 0) onMessage({ id, value: JSON.parse(data.join('\n')) as Out<E> })
    }
  }
}

type Told<T> = { message?: Message<T>; live?: boolean; asks?: true }
const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })

const waitMs = (tries: number, most: number) => Math.min(most, 1000 * 2 ** tries)
/** A connection that was silent so long in a hidden page, or through a sleep, may be dead without anybody having been told. */
const doubtfulMs = 5_000
/**
 * Reads a stream of this page alone until `signal` aborts. It tells first what has happened before, so a lost connection is
 * opened again and nothing is missed; after a sleep, or when the network is back, at once. Throws what refuses it.
 */
export const followStream = async <E extends Endpoint>(
  endpoint: E,
  input: CallIn<E>,
  signal: AbortSignal,
  onValue: (value: Out<E>) => void,
): Promise<void> => {
  let hiddenAt = 0
  let again = new AbortController()
  const anew = () => again.abort()
  const look = () => {
    if (document.hidden) hiddenAt = Date.now()
    else if (Date.now() - hiddenAt > doubtfulMs) anew()
  }
  addEventListener('online', anew, { signal })
  document.addEventListener('visibilitychange', look, { signal })
  for (let tries = 0; !signal.aborted; tries++) {
    again = new AbortController()
    const either = AbortSignal.any([signal, again.signal])
    try {
      const onOpen = () => {
        tries = 0
      }
      await readStream(endpoint, input, { signal: either, onOpen, onMessage: ({ value }) => onValue(value) })
    } catch (error) {
      const problem = typeof error === 'object' && error !== null && 'problem' in error ? (error.problem as Problem) : undefined
      // refused for good; 503 and lost connections pass
      if (problem && problem.status < 500 && problem.status !== 0 && !signal.aborted) throw error
    }
    await pause(waitMs(tries, 5_000), either)
  }
}

/**
 * A live stream for a page. One tab of the browser holds the connection (a lock) and tells the others; when it closes, the next
 * goes on from the last id seen. `state`: `live`, or `paused` with the time since when.
 */
export const useStream = <E extends Endpoint>(endpoint: E, input: CallIn<E>, onValue: (value: Out<E>, id: string) => void) => {
  const [state, setState] = useState<{ live: boolean; since: number }>({ live: false, since: Date.now() })
  const latest = useRef(onValue)
  latest.current = onValue
  const key = `${endpoint.path}?${JSON.stringify(input)}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for endpoint and input
  useEffect(() => {
    const stop = new AbortController()
    const channel = new BroadcastChannel(`postern ${key}`)
    let lastId: string | undefined
    let leading: { live: boolean } | undefined
    const hear = ({ message, live }: Told<Out<E>>) => {
      if (live !== undefined) setState((was) => (was.live === live ? was : { live, since: Date.now() }))
      if (!message) return
      if (message.id) lastId = message.id
      latest.current(message.value, message.id)
    }
    const tell = (told: Told<Out<E>>) => {
      hear(told)
      channel.postMessage(told)
    }
    channel.onmessage = ({ data }: MessageEvent<Told<Out<E>>>) => {
      if (data.asks && leading) channel.postMessage(leading)
      hear(data)
    }
    // A tab that comes later learns how things stand from the one that holds the connection.
    channel.postMessage({ asks: true })
    const lead = async () => {
      leading = { live: false }
      for (let tries = 0; !stop.signal.aborted; tries++) {
        try {
          await readStream(endpoint, input, {
            lastId,
            signal: stop.signal,
            onOpen: () => {
              tries = 0
              leading = { live: true }
              tell(leading)
            },
            onMessage: (message) => tell({ message, live: true }),
          })
        } catch {
          // The connection is lost, or refused: said as "paused", and tried again.
        }
        if (stop.signal.aborted) return
        leading = { live: false }
        tell(leading)
        await pause(waitMs(tries, 30_000), stop.signal)
      }
    }
    navigator.locks.request(`postern ${key}`, { signal: stop.signal }, lead).catch(() => {})
    return () => {
      stop.abort()
      channel.close()
    }
  }, [key])
  return state
}
