import { type Ref, useId, useRef, useState } from 'react'
import { passcodeDigits } from './fours.ts'
import style from './PasscodeField.module.css'

/**
 * One input; the cells are paint. Paste works and blanks are dropped. On the last digit `onComplete` is called, once a value.
 * `error` is said under the cells and read out.
 */
export const PasscodeField = ({
  label,
  value,
  onChange,
  onComplete,
  digits = 6,
  error,
  disabled = false,
  autoFocus = false,
  ref,
}: {
  label: string
  value: string
  onChange: (value: string) => void
  onComplete?: (value: string) => void
  digits?: number
  error?: string | undefined
  disabled?: boolean
  autoFocus?: boolean
  ref?: Ref<HTMLInputElement>
}) => {
  const id = useId()
  const [focused, setFocused] = useState(false)
  const sent = useRef('')
  const change = (typed: string) => {
    const next = passcodeDigits(typed).slice(0, digits)
    onChange(next)
    if (next.length < digits) sent.current = ''
    else if (sent.current !== next) {
      sent.current = next
      onComplete?.(next)
    }
  }
  return (
    <div className={style.root}>
      <label htmlFor={id} className={style.label}>
        {label}
      </label>
      <div
        className={style.field}
        data-digits={digits}
        data-focused={focused ? '' : undefined}
        data-error={error ? '' : undefined}
      >
        <input
          ref={ref}
          id={id}
          className={style.input}
          inputMode="numeric"
          autoComplete="one-time-code"
          // Room for the blanks and hyphens that people paste along.
          maxLength={digits + 6}
          value={value}
          readOnly={disabled}
          aria-disabled={disabled}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? `${id}-error` : undefined}
          // biome-ignore lint/a11y/noAutofocus: the page has this one thing to do
          autoFocus={autoFocus}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
          onChange={(event) => change(event.currentTarget.value)}
        />
        <div className={style.cells} aria-hidden="true">
          {Array.from({ length: digits }, (_, at) => (
            <span
              // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
              key={at}
              data-middle={at === digits / 2 ? '' : undefined}
              data-current={focused && at === Math.min(value.length, digits - 1) ? '' : undefined}
              data-empty={value[at] === undefined ? '' : undefined}
            >
              {value[at] ?? ''}
            </span>
          ))}
        </div>
      </div>
      <div id={`${id}-error`} className={style.error} role="alert">
        {error}
      </div>
    </div>
  )
}
