/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { setLanguage, t, useLanguage } from './words.ts'

/** `clock`: stands in the head in place of address and language, where a screen has no room for more. */
export const Frame = ({
  name,
  clock,
  bar,
  children,
}: {
  name: string
  clock?: ComponentChildren
  bar?: ComponentChildren
  children: ComponentChildren
}) => {
  const language = useLanguage()
  const other = language === 'en' ? 'pl' : 'en'
  return (
    <>
      <header class="top">
        <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
          <path
            fill-rule="evenodd"
            d="M4.5 1h11A3.5 3.5 0 0 1 19 4.5v11a3.5 3.5 0 0 1-3.5 3.5h-11A3.5 3.5 0 0 1 1 15.5v-11A3.5 3.5 0 0 1 4.5 1zm.3 2A1.8 1.8 0 0 0 3 4.8v10.4A1.8 1.8 0 0 0 4.8 17h10.4a1.8 1.8 0 0 0 1.8-1.8V4.8A1.8 1.8 0 0 0 15.2 3z"
          />
          <path d="M6.4 15.2V9a3.6 3.6 0 0 1 7.2 0v6.2z" />
        </svg>
        <b>{name}</b>
        {clock ?? (
          <>
            <span class="host">{location.host}</span>
            <button type="button" class="language" lang={other} onClick={() => setLanguage(other)}>
              {other === 'pl' ? 'Polski' : 'English'}
            </button>
          </>
        )}
      </header>
      <main class="main" data-dense={clock ? '' : undefined}>
        {children}
      </main>
      {bar}
    </>
  )
}

/** The title of a step takes the focus when the step appears; the tab says it too. */
export const Title = ({ children }: { children: string }) => {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    heading.current?.focus({ preventScroll: true })
    scrollTo(0, 0)
  }, [])
  useEffect(() => {
    document.title = `${children} · Postern`
  }, [children])
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  )
}

export const Facts = ({ of }: { of: [string, ComponentChildren][] }) => (
  <dl class="facts">
    {of.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
)

/** Line drawings of 16 by 16, in the strokes of our icons. */
const drawings = {
  screen: 'M1.6 2.6h12.8v8.2H1.6zM5.4 13.6h5.2M8 10.8v2.8',
  place: 'M8 14.2c3-3 4.6-5.3 4.6-7.6a4.6 4.6 0 0 0-9.2 0c0 2.3 1.6 4.6 4.6 7.6zM8 5.2a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z',
  globe: 'M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2zM2.2 8h11.6M8 2.2c3.4 3.6 3.4 8 0 11.6M8 2.2c-3.4 3.6-3.4 8 0 11.6',
  clock: 'M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2zM8 5v3.2l2 1.3',
  person: 'M8 2.8a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4zM3 13.4c.4-2.6 2.3-3.8 5-3.8s4.6 1.2 5 3.8',
  check: 'M3 8.5l3.2 3.2L13 5',
  warn: 'M8 2.2L14.6 13.6H1.4zM8 6.6v3.2M8 11.7v.01',
  erase: 'M13 4.5H6.5L2.5 8l4 3.5H13zM8 6.7l2.6 2.6M10.6 6.7L8 9.3',
  finger:
    'M4 12.6c.8-1.4 1-2.8 1-4.4a3 3 0 0 1 6 0c0 1.8-.2 3.2-.8 4.8M8 8.2c0 2.2-.4 3.9-1.2 5.4M2.6 9.6c.2-.6.2-1 .2-1.6a5.2 5.2 0 0 1 8-4.4M12.7 5.7c.4.8.5 1.6.5 2.5',
  flag: 'M3.6 14.2V2.6M3.6 3h8.6l-2 3 2 3H3.6',
  scan: 'M2.4 5.4V2.4h3M10.6 2.4h3v3M13.6 10.6v3h-3M5.4 13.6h-3v-3M2.4 8h11.2',
  question: 'M6 6.2a2 2 0 1 1 2.6 1.9c-.4.1-.6.5-.6.9v.4M8 11.6v.01M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8z',
} as const
export const Drawing = ({ of }: { of: keyof typeof drawings }) => (
  <svg class="drawing" viewBox="0 0 16 16" aria-hidden="true">
    <path d={drawings[of]} />
  </svg>
)

/** Copies text; the browser may refuse, and then it says so. */
export const CopyButton = ({ text, children, onDone }: { text: string; children: string; onDone?: () => void }) => {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setState('copied')
    } catch {
      setState('failed')
    }
    onDone?.()
    setTimeout(() => setState('idle'), 2500)
  }
  return (
    <>
      <button type="button" class="button" onClick={copy}>
        {state === 'copied' ? t('copied') : children}
      </button>
      <span class="hint" role="status">
        {state === 'failed' ? t('copyFailed') : ''}
      </span>
    </>
  )
}

export const Field = ({
  label,
  hint,
  error,
  value,
  onValue,
  secret = false,
  ...rest
}: {
  label: string
  hint?: string
  error?: string | undefined
  value: string
  onValue: (value: string) => void
  secret?: boolean
  name: string
  autocomplete: string
  inputmode?: 'numeric'
}) => {
  const [shown, setShown] = useState(false)
  const id = `field-${rest.name}`
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <div class="row">
        <input
          {...rest}
          id={id}
          {...(secret && !shown ? { type: 'password' as const } : { type: 'text' as const })}
          autocapitalize="none"
          spellcheck={false}
          value={value}
          aria-invalid={error ? true : undefined}
          aria-describedby={[hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
        {secret && (
          <button type="button" class="button small" aria-pressed={shown} onClick={() => setShown(!shown)}>
            {t(shown ? 'key.hide' : 'key.show')}
          </button>
        )}
      </div>
      <p class="error" id={`${id}-error`} role="alert">
        {error}
      </p>
    </div>
  )
}

/** One input; the cells are paint. On the last digit it calls back, once a value. */
export const Passcode = ({
  label,
  digits,
  value,
  onValue,
  onComplete,
  error,
}: {
  label: string
  digits: number
  value: string
  onValue: (value: string) => void
  onComplete: (value: string) => void
  error: string | undefined
}) => {
  const [focused, setFocused] = useState(false)
  const sent = useRef('')
  const input = (event: Event & { currentTarget: HTMLInputElement }) => {
    const next = event.currentTarget.value.replace(/\D/g, '').slice(0, digits)
    event.currentTarget.value = next
    onValue(next)
    if (next.length < digits) sent.current = ''
    else if (sent.current !== next) {
      sent.current = next
      onComplete(next)
    }
  }
  return (
    <div class="field">
      <label for="passcode">{label}</label>
      <div class="passcode" data-focused={focused} data-error={error ? '' : undefined}>
        <input
          id="passcode"
          inputMode="numeric"
          autocomplete="one-time-code"
          maxLength={digits + 6}
          value={value}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? 'passcode-error' : undefined}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
          onInput={input}
        />
        <div class="cells" aria-hidden="true">
          {Array.from({ length: digits }, (_, at) => (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
              key={at}
              data-middle={at === digits / 2 ? '' : undefined}
              data-current={focused && at === Math.min(value.length, digits - 1) ? '' : undefined}
            >
              {value[at] ?? ''}
            </span>
          ))}
        </div>
      </div>
      <p class="error" id="passcode-error" role="alert">
        {error}
      </p>
    </div>
  )
}

const secondsTo = (end: number): number => Math.max(0, Math.ceil((end - Date.now()) / 1000))
/** Seconds until an instant, moving. */
export const useSecondsTo = (instant: string | number): number => {
  const end = typeof instant === 'number' ? instant : Date.parse(instant)
  const [seconds, setSeconds] = useState(secondsTo(end))
  useEffect(() => {
    setSeconds(secondsTo(end))
    const timer = setInterval(() => setSeconds(secondsTo(end)), 1000)
    return () => clearInterval(timer)
  }, [end])
  return seconds
}
export const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
