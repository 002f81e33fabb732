import { Button } from '@mantine/core'
import { type Device, getUser, listDevices, listEvents, listSessions, reportDeviceLost, revokeDevice } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from '../../ui/ConfirmDialog.tsx'
import { problemIn } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction } from '../calls.ts'
import style from './Devices.module.css'

type Of = Pick<Device, 'id' | 'name'>
const ends = { lost: reportDeviceLost, revoke: revokeDevice }

/** An operator ends a person's device: reported lost, or revoked. Each says what it does before it does it. */
export const EndDevice = ({ device, person }: { device: Of; person: string }) => {
  const { t } = useTranslation('devices')
  const [asked, setAsked] = useState<keyof typeof ends>()
  return (
    <span className={style.acts}>
      {(['lost', 'revoke'] as const).map((act) => (
        <Button
          key={act}
          variant="default"
          size="xs"
          aria-label={t('actOf', { verb: t(`${act}.verb`), name: device.name })}
          onClick={() => setAsked(act)}
        >
          {t(`${act}.verb`)}
        </Button>
      ))}
      {asked && <Ask act={asked} device={device} person={person} onClose={() => setAsked(undefined)} />}
    </span>
  )
}

const Ask = ({ act, device, person, onClose }: { act: keyof typeof ends; device: Of; person: string; onClose: () => void }) => {
  const { t } = useTranslation('devices')
  const end = useAction(ends[act], {
    refreshes: [listDevices, getUser, listSessions, listEvents],
    onDone: () => {
      onClose()
      toast(t(`${act}.done`))
    },
  })
  const gone = problemIn(end.error)?.reason === 'device-ended'
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t(`${act}.ask`, { name: device.name })}
      verb={t(`${act}.verb`)}
      reason="optional"
      busy={end.isPending}
      error={gone ? undefined : end.error}
      onConfirm={(reason) => end.mutate({ id: device.id, ...(reason ? { reason } : {}) })}
    >
      {gone ? <StateBadge look="denied">{t('gone')}</StateBadge> : t(`${act}.text`, { person })}
    </ConfirmDialog>
  )
}
