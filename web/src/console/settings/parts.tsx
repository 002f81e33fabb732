import { Group, NumberInput, Switch, TextInput } from '@mantine/core'
import type { AuthenticationSettings } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Section } from '../../ui/Page.tsx'
import style from './Settings.module.css'

export type Part = {
  now: AuthenticationSettings
  change: (part: Partial<AuthenticationSettings>) => void
  operator: boolean
  owner: boolean
  /** What was refused, by the field's path. */
  errors: Record<string, string>
}

/** R5: off means that nothing in the product offers it. */
export const Enrolment = ({ now, change, owner }: Part) => {
  const { t } = useTranslation('settings')
  return (
    <Section title={t('enrolment.title')}>
      <Switch
        label={t('enrolment.label')}
        description={now.enrolment ? t('enrolment.on') : t('enrolment.off')}
        checked={now.enrolment}
        disabled={!owner}
        onChange={(click) => change({ enrolment: click.currentTarget.checked })}
      />
    </Section>
  )
}

export const Renewal = ({ now, change, operator, errors }: Part) => {
  const { t } = useTranslation('settings')
  return (
    <Section title={t('renewal.title')}>
      <p className="t2">
        {now.totpRenewalDays === null ? t('renewal.isNever') : t('renewal.after', { count: now.totpRenewalDays })}{' '}
        {t('renewal.text')}
      </p>
      <NumberInput
        className={style.field}
        label={t('renewal.label')}
        description={t('renewal.empty')}
        min={1}
        max={3650}
        allowDecimal={false}
        disabled={!operator}
        value={now.totpRenewalDays ?? ''}
        error={!now.enrolment && now.totpRenewalDays !== null ? t('renewal.offText') : errors.totpRenewalDays}
        onChange={(value) => change({ totpRenewalDays: value === '' ? null : Number(value) })}
      />
    </Section>
  )
}

export const Issuer = ({ now, change, operator, errors }: Part) => {
  const { t } = useTranslation('settings')
  return (
    <Section title={t('name.title')}>
      <TextInput
        className={style.field}
        label={t('name.label')}
        description={t('name.text')}
        maxLength={64}
        disabled={!operator}
        value={now.issuer}
        error={now.issuer.includes(':') ? t('name.colon') : errors.issuer}
        onChange={(typing) => change({ issuer: typing.currentTarget.value })}
      />
    </Section>
  )
}

export const Limits = ({ now, change, operator, errors }: Part) => {
  const { t } = useTranslation('settings')
  const { addressLimits } = now
  const field = (name: keyof typeof addressLimits) => (
    <NumberInput
      className={style.field}
      label={t(`limits.${name}`)}
      min={1}
      max={1_000_000}
      allowDecimal={false}
      disabled={!operator}
      value={addressLimits[name]}
      error={errors[`addressLimits.${name}`]}
      onChange={(value) => change({ addressLimits: { ...addressLimits, [name]: Number(value) } })}
    />
  )
  return (
    <Section title={t('limits.title')}>
      <p className="t2">{t('limits.text')}</p>
      <Group gap="lg" align="flex-start">
        {field('startsPerMinute')}
        {field('failuresPerMinute')}
      </Group>
    </Section>
  )
}
