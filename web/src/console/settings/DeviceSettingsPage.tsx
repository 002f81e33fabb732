import { type DeviceSettings, getDeviceSettings, passkeyModels, putDeviceSettings } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Note } from '../../ui/Note.tsx'
import { useCall } from '../calls.ts'
import { useMay } from '../session.ts'
import { CodeRules, PasskeyRules } from './device-parts.tsx'
import { NotYet, SettingsForm } from './SettingsForm.tsx'

/** Settings → Devices: our moving code, and what passkeys must be. */
export default function DeviceSettingsPage() {
  const { t } = useTranslation('settings')
  const settings = useCall(getDeviceSettings, {})
  const operator = useMay('operator')
  const owner = useMay('owner')
  if (!settings.data) return <NotYet title={t('devices.title')} settings={settings} />
  const { version, ...stored } = settings.data
  return (
    <SettingsForm<DeviceSettings>
      title={t('devices.title')}
      below={t('devices.below')}
      latest={{ stored, version, etag: settings.etag }}
      put={putDeviceSettings}
      refreshes={[getDeviceSettings, passkeyModels]}
      onReload={() => void settings.refetch()}
      namePart={(name) => t(`devices.part.${name}`)}
      ownWords={({ errors }) => Object.keys(errors).length > 0}
    >
      {(draft) => (
        <>
          {!operator && <Note title={t('readOnly')}>{t('devices.readOnlyText')}</Note>}
          {operator && !owner && <Note>{t('devices.ownersOnly')}</Note>}
          <CodeRules {...draft} operator={operator} owner={owner} />
          <PasskeyRules {...draft} operator={operator} owner={owner} />
        </>
      )}
    </SettingsForm>
  )
}
