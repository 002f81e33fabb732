/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { setLanguage, t, useLanguage } from './words.ts'

export const Frame = ({ name, children }: { name: string; children: ComponentChildren }) => {
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
        <span class="host">{location.host}</span>
        <button type="button" class="language" lang={other} onClick={() => setLanguage(other)}>
          {other === 'pl' ? 'Polski' : 'English'}
        </button>
      </header>
      <main class="main">{children}</main>
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
