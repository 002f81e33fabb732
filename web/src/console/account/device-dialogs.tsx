import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { type Device, mySessions, removeDevice, renameDevice, reportMyDeviceLost } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from '../../ui/ConfirmDialog.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { problemIn, Refused } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction } from '../calls.ts'
import { ofDevices } from './own-devices.ts'

type Of = { device: Device; onClose: () => void }

export const RenameDevice = ({ device, onClose }: Of) => {
  const { t } = useTranslation(['devices', 'common'])
  const [name, setName] = useState(device.name)
  const rename = useAction(renameDevice, { refreshes: ofDevices, onDone: onClose })
  const errors = fieldErrors(rename.error)
  return (
    <Modal opened onClose={onClose} title={t('mine.renameTitle')} closeButtonProps={{ 'aria-label': t('common:close') }}>
      <form
        onSubmit={(submit) => {
          submit.preventDefault()
          rename.mutate({ id: device.id, name })
        }}
      >
        <Stack gap="md">
          <TextInput
            label={t('mine.newName')}
            maxLength={64}
            value={name}
            error={errors.name}
            data-autofocus
            onChange={(change) => setName(change.currentTarget.value)}
          />
          {rename.error && Object.keys(errors).length === 0 && <Refused error={rename.error} />}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common:cancel')}
            </Button>
            <Button type="submit" loading={rename.isPending} disabled={name.trim() === ''}>
              {t('common:save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

/** Reporting a loss asks for no fresh proof: whoever holds the phone must not be quicker. */
export const LostDevice = ({ device, onClose }: Of) => {
  const { t } = useTranslation('devices')
  const report = useAction(reportMyDeviceLost, {
    refreshes: [...ofDevices, mySessions],
    onDone: () => {
      onClose()
      toast(t('mine.lostDone'))
    },
  })
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t('mine.lostAsk', { name: device.name })}
      verb={t('mine.lostVerb')}
      busy={report.isPending}
      error={report.error}
      onConfirm={() => report.mutate({ id: device.id })}
    >
      {t('mine.lostText')}
    </ConfirmDialog>
  )
}

export const RemoveDevice = ({ device, onClose }: Of) => {
  const { t } = useTranslation('devices')
  const remove = useAction(removeDevice, {
    refreshes: [...ofDevices, mySessions],
    onDone: () => {
      onClose()
      toast(t('mine.removed'))
    },
  })
  const last = problemIn(remove.error)?.reason === 'last-factor'
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t('mine.removeAsk', { name: device.name })}
      verb={t('mine.remove')}
      busy={remove.isPending}
      error={last ? undefined : remove.error}
      onConfirm={() => remove.mutate({ id: device.id })}
    >
      {last ? <StateBadge look="denied">{t('mine.last')}</StateBadge> : t('mine.removeText')}
    </ConfirmDialog>
  )
}
