import {
  type AuthenticationSettings,
  deploymentInfo,
  getAuthenticationSettings,
  listUsers,
  putAuthenticationSettings,
} from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Note } from '../../ui/Note.tsx'
import { useCall } from '../calls.ts'
import { useMay } from '../session.ts'
import { Demand } from './Demand.tsx'
import { KindOfKeys } from './KindOfKeys.tsx'
import { Enrolment, Issuer, Limits, Renewal } from './parts.tsx'
import { NotYet, SettingsForm } from './SettingsForm.tsx'

/** Settings → Authentication: the switch of enrolment, who must have what, and the limits. */
export default function AuthenticationSettingsPage() {
  const { t } = useTranslation('settings')
  const settings = useCall(getAuthenticationSettings, {})
  const operator = useMay('operator')
  const owner = useMay('owner')
  if (!settings.data) return <NotYet title={t('title')} settings={settings} />
  const { version, withoutSecondFactor, defaultsWarning: _warning, ...stored } = settings.data
  return (
    <SettingsForm<AuthenticationSettings>
      title={t('title')}
      below={t('below')}
      latest={{ stored, version, etag: settings.etag }}
      put={putAuthenticationSettings}
      refreshes={[getAuthenticationSettings, deploymentInfo, listUsers]}
      onReload={() => void settings.refetch()}
      namePart={(name) => t(`part.${name}`)}
      ownWords={({ error }) => error?.problem.code === 'conflict'}
    >
      {({ changed, error, ...draft }) => {
        const part = { ...draft, operator, owner }
        return (
          <>
            {!operator && <Note title={t('readOnly')}>{t('readOnlyText')}</Note>}
            {operator && !owner && <Note>{t('ownersOnly')}</Note>}
            <Enrolment {...part} />
            <Demand
              {...part}
              without={changed.includes('secondFactor') ? undefined : withoutSecondFactor}
              conflict={error?.problem.code === 'conflict'}
            />
            <Renewal {...part} />
            <Issuer {...part} />
            <Limits {...part} />
            <KindOfKeys {...part} />
          </>
        )
      }}
    </SettingsForm>
  )
}
