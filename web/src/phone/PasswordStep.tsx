/** @jsxImportSource preact */
import { leastPassword, passwordLength } from '@postern/contract'
import { useEffect } from 'preact/hooks'
import { Field } from './parts.tsx'
import { strengthOf } from './strength.ts'
import { t } from './words.ts'

/** A password to choose, with its strength while one types, or the one that the person has. */
export const PasswordStep = ({
  choosing,
  value,
  onValue,
  wrong,
  triesLeft,
  since,
  names,
}: {
  choosing: boolean
  value: string
  onValue: (typed: string) => void
  /** What the server said of it. */
  wrong: string | undefined
  triesLeft: number | undefined
  /** When it said so. */
  since: number
  /** What it must not be made of. */
  names: string[]
}) => {
  // the last digit of a passcode sends all of it, from far below: who is refused up here is led here
  // biome-ignore lint/correctness/useExhaustiveDependencies: once a refusal
  useEffect(() => {
    if (wrong) document.getElementById('field-password')?.focus()
  }, [since])
  return (
    <section class="step">
      <h2>{t(choosing ? 'key.passwordTitle' : 'key.currentTitle')}</h2>
      <Field
        label={t('key.password')}
        hint={t(choosing ? 'key.passwordHint' : 'key.currentHint')}
        name="password"
        autocomplete={choosing ? 'new-password' : 'current-password'}
        secret
        value={value}
        onValue={onValue}
        error={wrong && triesLeft !== undefined ? `${wrong} ${t('wrong.triesLeft', { count: triesLeft })}` : wrong}
      />
      {choosing && value !== '' && <Strength password={value} names={names} />}
    </section>
  )
}

const Strength = ({ password, names }: { password: string; names: string[] }) => {
  const missing = leastPassword - passwordLength(password)
  const strength = strengthOf(password, names)
  const words = missing > 0 ? t('strength.short', { count: missing }) : t(`strength.${strength}`)
  return (
    <p class="hint" role="status" data-strength={missing > 0 ? 'short' : strength}>
      {t('strength.label', { words })}
    </p>
  )
}
