import { Button, Checkbox, Collapse, Group, NumberInput, Select, Stack, Switch, TextInput } from '@mantine/core'
import {
  type AuthenticationSettings,
  getAuthenticationSettings,
  type Out,
  putAuthenticationSettings,
  type Role,
  roles,
} from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction, useCall } from '../calls.ts'
import { AppsTable } from '../enrol/AppsTable.tsx'
import { useMay } from '../session.ts'
import style from './Settings.module.css'

type Read = Out<typeof getAuthenticationSettings>

/** Settings → Authentication: the switch of enrolment, who must have what, and the limits. */
export default function AuthenticationSettingsPage() {
  const { t } = useTranslation('settings')
  const settings = useCall(getAuthenticationSettings, {})
  if (!settings.data)
    return (
      <Page title={t('title')}>
        {settings.error ? <Refused error={settings.error} onRetry={() => void settings.refetch()} /> : <Loading lines={8} />}
      </Page>
    )
  return <Form read={settings.data} etag={settings.etag} onReload={() => void settings.refetch()} />
}

/** What is typed stays here until it is saved; what others save meanwhile shows as a refusal that loses nothing. */
const Form = ({ read, etag, onReload }: { read: Read; etag: string | undefined; onReload: () => void }) => {
  const { t } = useTranslation(['settings', 'common'])
  const [typed, setTyped] = useState<Partial<AuthenticationSettings>>({})
  const { version: _version, withoutSecondFactor, defaultsWarning: _warning, ...stored } = read
  const now: AuthenticationSettings = { ...stored, ...typed }
  const change = (part: Partial<AuthenticationSettings>) => setTyped((before) => ({ ...before, ...part }))
  const operator = useMay('operator')
  const owner = useMay('owner')
  const save = useAction(putAuthenticationSettings, {
    refreshes: getAuthenticationSettings,
    ifMatch: etag,
    onDone: () => {
      setTyped({})
      toast(t('saved'))
    },
  })
  const errors = fieldErrors(save.error)
  const dirty = Object.keys(typed).length > 0
  return (
    <Page
      title={t('title')}
      below={t('below')}
      actions={
        operator && (
          <>
            {dirty && (
              <Button variant="default" onClick={() => setTyped({})}>
                {t('undo')}
              </Button>
            )}
            <Button loading={save.isPending} disabled={!dirty} onClick={() => save.mutate(now)}>
              {t('common:save')}
            </Button>
          </>
        )
      }
    >
      {save.error && (
        <Refused error={save.error} {...(save.error.problem.code === 'precondition-failed' ? { onRetry: onReload } : {})} />
      )}
      {!operator && <Note title={t('readOnly')}>{t('readOnlyText')}</Note>}
      <Enrolment now={now} change={change} mayOwn={owner} />
      <Demand
        now={now}
        change={change}
        mayOwn={owner}
        may={operator}
        without={withoutSecondFactor}
        error={errors['secondFactor.roles']}
      />
      <Section title={t('renewal.title')}>
        <p className="t2">{t('renewal.text')}</p>
        <NumberInput
          className={style.field}
          label={t('renewal.label')}
          min={1}
          max={3650}
          disabled={!operator}
          value={now.totpRenewalDays ?? ''}
          placeholder={t('renewal.never')}
          error={errors.totpRenewalDays}
          onChange={(value) => change({ totpRenewalDays: value === '' ? null : Number(value) })}
        />
      </Section>
      <Section title={t('name.title')}>
        <TextInput
          className={style.field}
          label={t('name.label')}
          description={t('name.text')}
          maxLength={64}
          disabled={!operator}
          value={now.issuer}
          error={errors.issuer}
          onChange={(typing) => change({ issuer: typing.currentTarget.value })}
        />
      </Section>
      <Section title={t('limits.title')}>
        <p className="t2">{t('limits.text')}</p>
        <Group gap="lg" align="flex-end">
          <NumberInput
            className={style.field}
            label={t('limits.starts')}
            min={1}
            max={1_000_000}
            disabled={!operator}
            value={now.addressLimits.startsPerMinute}
            onChange={(value) => change({ addressLimits: { ...now.addressLimits, startsPerMinute: Number(value) } })}
          />
          <NumberInput
            className={style.field}
            label={t('limits.failures')}
            min={1}
            max={1_000_000}
            disabled={!operator}
            value={now.addressLimits.failuresPerMinute}
            onChange={(value) => change({ addressLimits: { ...now.addressLimits, failuresPerMinute: Number(value) } })}
          />
        </Group>
      </Section>
      <Keys now={now} change={change} may={operator} />
    </Page>
  )
}

type Part = { now: AuthenticationSettings; change: (part: Partial<AuthenticationSettings>) => void }
const Enrolment = ({ now, change, mayOwn }: Part & { mayOwn: boolean }) => {
  const { t } = useTranslation('settings')
  return (
    <Section title={t('enrolment.title')}>
      <Switch
        label={t('enrolment.label')}
        description={now.enrolment ? t('enrolment.on') : t('enrolment.off')}
        checked={now.enrolment}
        disabled={!mayOwn}
        onChange={(click) => change({ enrolment: click.currentTarget.checked })}
      />
      {!mayOwn && <p className="small t2">{t('ownersOnly')}</p>}
    </Section>
  )
}

const Demand = ({
  now,
  change,
  mayOwn,
  may,
  without,
  error,
}: Part & { mayOwn: boolean; may: boolean; without: number; error: string | undefined }) => {
  const { t } = useTranslation(['settings', 'common'])
  const asked = now.secondFactor.roles
  const sentence =
    asked.length === 0
      ? t('demand.nobody')
      : t('demand.sentence', {
          roles: roles
            .filter((role) => asked.includes(role))
            .map((role) => t(`common:role.${role}`))
            .join(', '),
        })
  return (
    <Section title={t('demand.title')}>
      <p>{sentence}</p>
      {asked.length > 0 && <p className="t2">{t('demand.without', { count: without })}</p>}
      <Checkbox.Group
        label={t('demand.roles')}
        value={asked}
        error={error}
        onChange={(value) => change({ secondFactor: { ...now.secondFactor, roles: value as Role[] } })}
      >
        <Group gap="lg" mt="xs">
          {roles.map((role) => (
            <Checkbox
              key={role}
              value={role}
              label={t(`common:role.${role}`)}
              disabled={!may || (!mayOwn && (role === 'operator' || role === 'owner'))}
            />
          ))}
        </Group>
      </Checkbox.Group>
      {!now.enrolment && asked.length > 0 && (
        <Note tone="warn" title={t('demand.offTitle')}>
          {t('demand.offText')}
        </Note>
      )}
      <TextInput
        className={style.field}
        type="datetime-local"
        label={t('demand.from')}
        description={t('demand.fromText')}
        disabled={!mayOwn}
        value={now.secondFactor.from ? localValue(now.secondFactor.from) : ''}
        onChange={(typing) => {
          const { value } = typing.currentTarget
          change({ secondFactor: { ...now.secondFactor, from: value === '' ? null : new Date(value).toISOString() } })
        }}
      />
      {!mayOwn && <p className="small t2">{t('ownersOnly')}</p>}
    </Section>
  )
}
/** What a field of type datetime-local takes: local time without a zone. */
const localValue = (at: string): string => {
  const date = new Date(at)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

const Keys = ({ now, change, may }: Part & { may: boolean }) => {
  const { t } = useTranslation('settings')
  const { algorithm, digits, periodSeconds } = now.totp
  const usual = algorithm === 'SHA1' && digits === 6 && periodSeconds === 30
  const [opened, setOpened] = useState(!usual)
  const set = (part: Partial<AuthenticationSettings['totp']>) => change({ totp: { ...now.totp, ...part } })
  return (
    <Section title={t('keys.title')}>
      <p className="t2">{usual ? t('keys.usual') : t('keys.unusual')}</p>
      {!opened && (
        <Button variant="default" mt="sm" onClick={() => setOpened(true)}>
          {t('keys.other')}
        </Button>
      )}
      <Collapse expanded={opened}>
        {opened && (
          <Stack gap="md">
            <Note tone="warn" title={t('keys.warnTitle')}>
              {t('keys.warnText')}
            </Note>
            <AppsTable />
            <Group gap="lg" align="flex-end">
              <Select
                className={style.field}
                label={t('keys.algorithm')}
                data={['SHA1', 'SHA256', 'SHA512']}
                value={algorithm}
                disabled={!may}
                allowDeselect={false}
                onChange={(value) => value && set({ algorithm: value as 'SHA1' })}
              />
              <Select
                className={style.field}
                label={t('keys.digits')}
                data={['6', '8']}
                value={String(digits)}
                disabled={!may}
                allowDeselect={false}
                onChange={(value) => value && set({ digits: Number(value) as 6 })}
              />
              <Select
                className={style.field}
                label={t('keys.period')}
                data={['15', '30', '60']}
                value={String(periodSeconds)}
                disabled={!may}
                allowDeselect={false}
                onChange={(value) => value && set({ periodSeconds: Number(value) as 30 })}
              />
            </Group>
          </Stack>
        )}
      </Collapse>
    </Section>
  )
}
