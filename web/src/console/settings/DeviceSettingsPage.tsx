import { Button } from '@mantine/core'
import { type DeviceSettings, getDeviceSettings, type Out, putDeviceSettings } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { LeaveGuard } from '../../ui/LeaveGuard.tsx'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { Page } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction, useCall } from '../calls.ts'
import { useMay } from '../session.ts'
import { CodeRules, PasskeyRules } from './device-parts.tsx'
import style from './Settings.module.css'

type Read = Out<typeof getDeviceSettings>
type Based = { read: Read; etag: string | undefined }

/** Settings → Devices: our moving code, and what passkeys must be. */
export default function DeviceSettingsPage() {
  const { t } = useTranslation('settings')
  const settings = useCall(getDeviceSettings, {})
  if (!settings.data)
    return (
      <Page title={t('devices.title')}>
        {settings.error ? <Refused error={settings.error} onRetry={() => void settings.refetch()} /> : <Loading lines={8} />}
      </Page>
    )
  return <Form latest={{ read: settings.data, etag: settings.etag }} onReload={() => void settings.refetch()} />
}

/** What is typed stays until it is saved, against the state it was typed on; what others save meanwhile is shown beside it. */
const Form = ({ latest, onReload }: { latest: Based; onReload: () => void }) => {
  const { t } = useTranslation(['settings', 'common'])
  const [typed, setTyped] = useState<Partial<DeviceSettings>>({})
  // Kept from the first change on: a later answer must not slip a newer tag under what was typed against an older state.
  const [held, setHeld] = useState<Based>()
  const base = held ?? latest
  const { version, ...stored } = base.read
  const now: DeviceSettings = { ...stored, ...typed }
  const operator = useMay('operator')
  const owner = useMay('owner')
  const start = () => {
    setTyped({})
    setHeld(undefined)
  }
  const save = useAction(putDeviceSettings, {
    refreshes: getDeviceSettings,
    ifMatch: base.etag,
    onDone: () => {
      start()
      toast(t('saved'))
    },
  })
  const change = (part: Partial<DeviceSettings>) => {
    setHeld((before) => before ?? latest)
    setTyped((before) => ({ ...before, ...part }))
    if (save.error) save.reset()
  }
  const differ = (a: DeviceSettings, b: DeviceSettings) =>
    (Object.keys(stored) as (keyof DeviceSettings)[]).filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]))
  const changed = differ(now, stored)
  const errors = fieldErrors(save.error)
  const meanwhile = save.error?.problem.code === 'precondition-failed'
  const named = (names: readonly (keyof DeviceSettings)[]) => names.map((name) => t(`devices.part.${name}`)).join(', ')
  const part = { now, stored, change, operator, owner, errors }
  return (
    <Page title={t('devices.title')} below={t('devices.below')}>
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
        {!operator && <Note title={t('readOnly')}>{t('devices.readOnlyText')}</Note>}
        {operator && !owner && <Note>{t('devices.ownersOnly')}</Note>}
        <CodeRules {...part} />
        <PasskeyRules {...part} />
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
