import { Button } from '@mantine/core'
import {
  type AuthenticationSettings,
  deploymentInfo,
  getAuthenticationSettings,
  listUsers,
  type Out,
  putAuthenticationSettings,
} from '@postern/contract'
import { useBlocker } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from '../../ui/ConfirmDialog.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { Page } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction, useCall } from '../calls.ts'
import { useMay } from '../session.ts'
import { Demand } from './Demand.tsx'
import { KindOfKeys } from './KindOfKeys.tsx'
import { Enrolment, Issuer, Limits, Renewal } from './parts.tsx'
import style from './Settings.module.css'

type Read = Out<typeof getAuthenticationSettings>
type Based = { read: Read; etag: string | undefined }

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
  return <Form latest={{ read: settings.data, etag: settings.etag }} onReload={() => void settings.refetch()} />
}

/** What is typed stays until it is saved, against the state it was typed on; what others save meanwhile is shown beside it. */
const Form = ({ latest, onReload }: { latest: Based; onReload: () => void }) => {
  const { t } = useTranslation(['settings', 'common'])
  const [typed, setTyped] = useState<Partial<AuthenticationSettings>>({})
  // Kept from the first change on: a later answer must not slip a newer tag under what was typed against an older state.
  const [kept, setKept] = useState<Based>()
  const base = kept ?? latest
  const { version, withoutSecondFactor, defaultsWarning: _warning, ...stored } = base.read
  const now: AuthenticationSettings = { ...stored, ...typed }
  const operator = useMay('operator')
  const owner = useMay('owner')
  const start = () => {
    setTyped({})
    setKept(undefined)
  }
  const save = useAction(putAuthenticationSettings, {
    refreshes: [getAuthenticationSettings, deploymentInfo, listUsers],
    ifMatch: base.etag,
    onDone: () => {
      start()
      toast(t('saved'))
    },
  })
  const change = (part: Partial<AuthenticationSettings>) => {
    setKept((before) => before ?? latest)
    setTyped((before) => ({ ...before, ...part }))
    if (save.error) save.reset()
  }
  const names = Object.keys(typed) as (keyof AuthenticationSettings)[]
  const changed = names.filter((name) => JSON.stringify(typed[name]) !== JSON.stringify(stored[name]))
  const dirty = changed.length > 0
  const leaving = useBlocker({ disabled: !dirty, enableBeforeUnload: true, shouldBlockFn: () => true, withResolver: true })
  const code = save.error?.problem.code
  const errors = fieldErrors(save.error)
  const theirs = (Object.keys(stored) as (keyof typeof stored)[]).filter(
    (name) => JSON.stringify(latest.read[name]) !== JSON.stringify(stored[name]),
  )
  const part = { now, change, operator, owner, errors }
  return (
    <Page title={t('title')} below={t('below')}>
      <div className={style.wide}>
        {save.error && code !== 'precondition-failed' && code !== 'conflict' && <Refused error={save.error} />}
        {latest.read.version !== version && (
          <Note
            tone="warn"
            title={t('changedTitle')}
            action={
              <Button
                variant="default"
                onClick={() => {
                  setKept(latest)
                  setTyped(Object.fromEntries(changed.map((name) => [name, typed[name]])))
                  save.reset()
                }}
              >
                {t('changedGoOn')}
              </Button>
            }
          >
            {t('changedText', { parts: theirs.map((name) => t(`part.${name}`)).join(', ') })}
          </Note>
        )}
        {!operator && <Note title={t('readOnly')}>{t('readOnlyText')}</Note>}
        {operator && !owner && <Note>{t('ownersOnly')}</Note>}
        <Enrolment {...part} />
        <Demand
          {...part}
          without={changed.includes('secondFactor') ? undefined : withoutSecondFactor}
          conflict={code === 'conflict'}
        />
        <Renewal {...part} />
        <Issuer {...part} />
        <Limits {...part} />
        <KindOfKeys {...part} />
      </div>
      {dirty && (
        <div className={style.bar}>
          <span>{t('unsaved', { parts: changed.map((name) => t(`part.${name}`)).join(', ') })}</span>
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
      <ConfirmDialog
        opened={leaving.status === 'blocked'}
        onClose={() => leaving.reset?.()}
        title={t('leaveAsk')}
        verb={t('leave')}
        onConfirm={() => leaving.proceed?.()}
      >
        {t('leaveText')}
      </ConfirmDialog>
    </Page>
  )
}
