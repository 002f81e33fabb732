import { Button, NumberInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import style from './Users.module.css'

/** On screen, in the same building, by mail, by letter. */
const presets = [10, 60, 1_440, 20_160] as const

/** How long a code that authenticates is good for: 14 days at the most, the usual spans by one press. */
export const MinutesField = ({
  label,
  description,
  value,
  onChange,
  error,
  focus = false,
}: {
  label: string
  description?: string
  value: number | string
  onChange: (minutes: number | string) => void
  error?: string | undefined
  focus?: boolean
}) => {
  const { t } = useTranslation('users')
  return (
    <div>
      <NumberInput
        label={label}
        description={description}
        min={1}
        max={20_160}
        allowDecimal={false}
        value={value}
        error={error}
        onChange={onChange}
        {...(focus ? { 'data-autofocus': true } : {})}
      />
      <div className={style.presets}>
        {presets.map((preset) => (
          <Button
            key={preset}
            variant="default"
            size="compact-xs"
            aria-pressed={Number(value) === preset}
            onClick={() => onChange(preset)}
          >
            {t(`preset.${preset}`)}
          </Button>
        ))}
      </div>
    </div>
  )
}
