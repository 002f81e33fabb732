import { Checkbox, Group, NumberInput, Radio, Stack, Switch, TagsInput } from '@mantine/core'
import { type DeviceSettings, type Role, roles } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Section } from '../../ui/Page.tsx'
import { Models, Roots } from './Models.tsx'
import style from './Settings.module.css'

type Part = {
  now: DeviceSettings
  /** As it is stored: what a rule holds already may be softened by an owner alone. */
  stored: DeviceSettings
  change: (part: Partial<DeviceSettings>) => void
  operator: boolean
  owner: boolean
  /** What was refused, by the field's path. */
  errors: Record<string, string>
}
const where = ['passwordless', 'second-factor', 'off'] as const
const checks = ['off', 'warn', 'require'] as const

/** The rules of our moving code: where it is offered, and what makes a relay of it hard. */
export const CodeRules = (part: Part) => {
  const { t } = useTranslation(['settings', 'common'])
  const { now, change, operator, errors } = part
  return (
    <Section title={t('devices.codeTitle')}>
      <p className={style.sentence}>{t('devices.codeText')}</p>
      <Radio.Group
        mt="md"
        label={t('devices.qr.label')}
        description={t('devices.default', { value: t('devices.qr.passwordless.name') })}
        value={now.qr}
        onChange={(value) => change({ qr: value as (typeof where)[number] })}
      >
        <Stack gap="xs" mt="xs">
          {where.map((each) => (
            <Radio
              key={each}
              value={each}
              label={t(`devices.qr.${each}.name`)}
              description={t(`devices.qr.${each}.text`)}
              disabled={!operator}
            />
          ))}
        </Stack>
      </Radio.Group>
      <RolesOf {...part} rule="computerFirst" usual={[t('common:role.operator'), t('common:role.owner')].join(', ')} />
      <Switch
        mt="lg"
        label={t('devices.oneFrame.label')}
        description={`${t('devices.oneFrame.text')} ${t('devices.default', { value: t('common:yes') })}`}
        checked={now.oneFrame}
        disabled={!operator}
        onChange={(click) => change({ oneFrame: click.currentTarget.checked })}
      />
      {(['near', 'knownBrowser'] as const).map((rule) => (
        <Radio.Group
          key={rule}
          mt="lg"
          label={t(`devices.${rule}.label`)}
          description={`${t(`devices.${rule}.text`)} ${t('devices.default', { value: t('devices.check.warn') })}`}
          value={now[rule]}
          onChange={(value) => change({ [rule]: value })}
        >
          <Group gap="lg" mt="xs">
            {checks.map((each) => (
              <Radio key={each} value={each} label={t(`devices.check.${each}`)} disabled={!operator} />
            ))}
          </Group>
        </Radio.Group>
      ))}
      <TagsInput
        mt="lg"
        className={style.hosts}
        label={t('devices.startNetworks.label')}
        description={`${t('devices.startNetworks.text')} ${t('devices.default', { value: t('devices.startNetworks.all') })}`}
        placeholder={now.startNetworks.length === 0 ? t('devices.startNetworks.all') : ''}
        splitChars={[',', ' ', ';']}
        acceptValueOnBlur
        maxTags={100}
        disabled={!operator}
        value={now.startNetworks}
        error={within(errors, 'startNetworks') && t('devices.startNetworks.no')}
        onChange={(value) => change({ startNetworks: value.map((network) => network.trim().toLowerCase()).filter(Boolean) })}
      />
      <NumberInput
        mt="lg"
        className={style.field}
        label={t('devices.sessionMinutes.label')}
        description={`${t('devices.sessionMinutes.text')} ${t('devices.default', { value: '60' })}`}
        min={5}
        max={720}
        allowDecimal={false}
        allowNegative={false}
        disabled={!operator}
        value={now.sessionMinutes}
        error={errors.sessionMinutes}
        onChange={(value) => change({ sessionMinutes: Number(value) })}
      />
    </Section>
  )
}

/** What a passkey and its device must be, and how many a person may have. */
export const PasskeyRules = (part: Part) => {
  const { t } = useTranslation('settings')
  const { now, change, operator, errors } = part
  return (
    <Section title={t('devices.passkeysTitle')}>
      <RolesOf {...part} rule="deviceHeld" usual={t('devices.none')} />
      <NumberInput
        mt="lg"
        className={style.field}
        label={t('devices.devicesEach.label')}
        description={`${t('devices.devicesEach.text')} ${t('devices.default', { value: '10' })}`}
        min={1}
        max={100}
        allowDecimal={false}
        allowNegative={false}
        disabled={!operator}
        value={now.devicesEach}
        error={errors.devicesEach}
        onChange={(value) => change({ devicesEach: Number(value) })}
      />
      <Models
        value={now.models}
        disabled={!operator}
        error={within(errors, 'models') && t('devices.models.no')}
        onChange={(models) => change({ models })}
      />
      <Roots
        value={now.attestationRoots ?? ''}
        disabled={!operator}
        error={errors.attestationRoots}
        onChange={(attestationRoots) => change({ attestationRoots })}
      />
    </Section>
  )
}

/** Roles that a rule holds for. Taking operators or owners out of it is an owner's. */
const RolesOf = ({
  now,
  stored,
  change,
  operator,
  owner,
  rule,
  usual,
}: Part & { rule: 'computerFirst' | 'deviceHeld'; usual: string }) => {
  const { t } = useTranslation(['settings', 'common'])
  const fixed = (role: Role) => !owner && (role === 'operator' || role === 'owner') && stored[rule].includes(role)
  return (
    <Checkbox.Group
      mt="lg"
      label={t(`devices.${rule}.label`)}
      description={`${t(`devices.${rule}.text`)} ${t('devices.default', { value: usual })}`}
      value={now[rule]}
      onChange={(value) => change({ [rule]: roles.filter((role) => value.includes(role)) })}
    >
      <Group gap="lg" mt="xs">
        {roles.map((role) => (
          <Checkbox key={role} value={role} label={t(`common:role.${role}`)} disabled={!operator || fixed(role)} />
        ))}
      </Group>
    </Checkbox.Group>
  )
}

/** Whether a list, or one of its entries, was refused. */
const within = (errors: Record<string, string>, name: string): boolean =>
  Object.keys(errors).some((path) => path === name || path.startsWith(`${name}.`))
