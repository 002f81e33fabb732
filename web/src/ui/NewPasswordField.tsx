import { useTranslation } from 'react-i18next'
import style from './NewPasswordField.module.css'
import { PasswordField } from './PasswordField.tsx'
import { useStrength } from './strength.ts'

const bars = { weak: 1, fair: 2, good: 3, strong: 4 }

/** A password to choose: 15 characters or more, no rules of composition; its strength is shown while typing. */
export const NewPasswordField = ({
  label,
  value,
  missing,
  onChange,
  names,
  error,
}: {
  label: string
  value: string
  /** How many characters it still lacks. */
  missing: number
  onChange: (value: string) => void
  /** Names that must not make it: of the person, the product, the organisation. */
  names: readonly string[]
  error?: string | undefined
}) => {
  const { t } = useTranslation()
  const strength = useStrength(value, names, missing <= 0)
  const words =
    missing > 0 ? t('password.strengths.short', { count: missing }) : strength ? t(`password.strengths.${strength}`) : ''
  return (
    <div>
      <PasswordField
        label={label}
        description={t('password.rule')}
        autoComplete="new-password"
        value={value}
        error={error}
        onChange={(change) => onChange(change.currentTarget.value)}
      />
      {value !== '' && (
        <div className={style.strength} data-strength={missing > 0 ? 'short' : strength}>
          <span aria-hidden="true">
            {[1, 2, 3, 4].map((bar) => (
              <u key={bar} data-full={missing <= 0 && strength && bar <= bars[strength] ? '' : undefined} />
            ))}
          </span>
          <span role="status">{words && t('password.strength', { words })}</span>
        </div>
      )}
    </div>
  )
}
