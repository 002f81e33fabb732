import { Button, NumberInput, Radio, Stack, Switch, TagsInput } from '@mantine/core'
import { type CodeSettings, getCodeSettings, type Out, putCodeSettings } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { LeaveGuard } from '../../ui/LeaveGuard.tsx'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction, useCall } from '../calls.ts'
import { useMay } from '../session.ts'
import style from './Settings.module.css'

type Read = Out<typeof getCodeSettings>
type Based = { read: Read; etag: string | undefined }
const kept = ['full', 'truncated', 'none'] as const

/** Settings → Codes: where links may lead, what may be static, and what is kept of a scan. */
export default function CodeSettingsPage() {
  const { t } = useTranslation('settings')
  const settings = useCall(getCodeSettings, {})
  if (!settings.data)
    return (
      <Page title={t('codes.title')}>
        {settings.error ? <Refused error={settings.error} onRetry={() => void settings.refetch()} /> : <Loading lines={8} />}
      </Page>
    )
  return <Form latest={{ read: settings.data, etag: settings.etag }} onReload={() => void settings.refetch()} />
}

/** What is typed stays until it is saved, against the state it was typed on; what others save meanwhile is shown beside it. */
const Form = ({ latest, onReload }: { latest: Based; onReload: () => void }) => {
  const { t } = useTranslation(['settings', 'common'])
  const [typed, setTyped] = useState<Partial<CodeSettings>>({})
  // Kept from the first change on: a later answer must not slip a newer tag under what was typed against an older state.
  const [held, setHeld] = useState<Based>()
  const base = held ?? latest
  const { version, ...stored } = base.read
  const now: CodeSettings = { ...stored, ...typed }
  const may = useMay('operator')
  const start = () => {
    setTyped({})
    setHeld(undefined)
  }
  const save = useAction(putCodeSettings, {
    refreshes: getCodeSettings,
    ifMatch: base.etag,
    onDone: () => {
      start()
      toast(t('saved'))
    },
  })
  const change = (part: Partial<CodeSettings>) => {
    setHeld((before) => before ?? latest)
    setTyped((before) => ({ ...before, ...part }))
    if (save.error) save.reset()
  }
  const differ = (a: CodeSettings, b: CodeSettings) =>
    (Object.keys(stored) as (keyof CodeSettings)[]).filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]))
  const changed = differ(now, stored)
  const errors = fieldErrors(save.error)
  const meanwhile = save.error?.problem.code === 'precondition-failed'
  const named = (names: readonly (keyof CodeSettings)[]) => names.map((name) => t(`codes.part.${name}`)).join(', ')
  const hosts = (name: 'linkHosts' | 'staticHosts', empty: string) => (
    <TagsInput
      className={style.hosts}
      label={t(`codes.${name}.label`)}
      description={t(`codes.${name}.text`)}
      placeholder={now[name].length === 0 ? empty : ''}
      splitChars={[',', ' ', ';']}
      clearButtonProps={{ 'aria-label': t('codes.removeAll') }}
      acceptValueOnBlur
      maxTags={200}
      disabled={!may}
      value={now[name]}
      error={errors[name]}
      onChange={(value) => change({ [name]: value.map((host) => host.trim().toLowerCase()).filter((host) => host !== '') })}
    />
  )
  return (
    <Page title={t('codes.title')} below={t('codes.below')}>
      <div className={style.wide}>
        {save.error && !meanwhile && Object.keys(errors).length === 0 && <Refused error={save.error} />}
        {latest.read.version !== version && (
          <Note
            tone="warn"
            title={t('changedTitle')}
            action={
              <Button
                variant="default"
                onClick={() => {
                  setHeld(latest)
                  setTyped(Object.fromEntries(changed.map((name) => [name, typed[name]])))
                  save.reset()
                }}
              >
                {t('changedGoOn')}
              </Button>
            }
          >
            {t('changedText', { parts: named(differ(latest.read, stored)) })}
          </Note>
        )}
        {!may && <Note title={t('readOnly')}>{t('codes.readOnlyText')}</Note>}
        <Section title={t('codes.linkHosts.title')}>
          <p className={style.sentence}>
            {now.linkHosts.length === 0 ? t('codes.linkHosts.any') : t('codes.linkHosts.some', { count: now.linkHosts.length })}
          </p>
          {hosts('linkHosts', t('codes.linkHosts.anyShort'))}
        </Section>
        <Section title={t('codes.static.title')}>
          <p className="t2">{t('codes.static.text')}</p>
          <Switch
            mt="sm"
            label={t('codes.static.label')}
            description={t('codes.static.why')}
            checked={now.staticText}
            disabled={!may}
            onChange={(click) => change({ staticText: click.currentTarget.checked })}
          />
          {hosts('staticHosts', t('codes.staticHosts.none'))}
        </Section>
        <Section title={t('codes.scans.title')}>
          <Radio.Group
            label={t('codes.scans.label')}
            description={t('codes.scans.text')}
            value={now.scanAddresses}
            onChange={(value) => change({ scanAddresses: value as (typeof kept)[number] })}
          >
            <Stack gap="xs" mt="xs">
              {kept.map((each) => (
                <Radio
                  key={each}
                  value={each}
                  label={t(`codes.scans.${each}.name`)}
                  description={t(`codes.scans.${each}.text`)}
                  disabled={!may}
                />
              ))}
            </Stack>
          </Radio.Group>
          <NumberInput
            className={style.field}
            label={t('codes.scans.days')}
            description={t('codes.scans.daysText')}
            min={1}
            max={3650}
            allowDecimal={false}
            allowNegative={false}
            disabled={!may}
            value={now.scanRetentionDays ?? ''}
            error={errors.scanRetentionDays}
            onChange={(value) => change({ scanRetentionDays: value === '' ? null : Number(value) })}
          />
        </Section>
      </div>
      {changed.length > 0 && (
        <div className={style.bar}>
          <span>{t('unsaved', { parts: named(changed) })}</span>
          <Button variant="default" onClick={start}>
            {t('undo')}
          </Button>
          <Button
            loading={save.isPending}
            onClick={() =>
              save.mutate(now, { onError: ({ problem }) => void (problem.code === 'precondition-failed' && onReload()) })
            }
          >
            {t('common:save')}
          </Button>
        </div>
      )}
      <LeaveGuard when={changed.length > 0} />
    </Page>
  )
}
