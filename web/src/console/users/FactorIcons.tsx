import type { User } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconDeviceMobile, IconFingerprint, IconLifebuoy, IconLock } from '../../ui/icons.ts'
import style from './Users.module.css'

/** What a person signs in with: icons, each with its word. */
export const FactorIcons = ({ of: { factors, state, totpKey } }: { of: User }) => {
  const { t } = useTranslation('users')
  const { password, totp, devices, recoveryCodesLeft: left } = factors
  if (!password && !totp && devices === 0 && left === 0)
    return <span className="t3">{t(state === 'offboarded' ? 'factorsEnded' : 'noFactor')}</span>
  return (
    <span className={style.factors}>
      {devices > 0 && (
        <span>
          <Icon of={IconFingerprint} size={14} /> {t('factor.devices', { count: devices })}
        </span>
      )}
      {password && (
        <span>
          <Icon of={IconLock} size={14} /> {t('factor.password')}
        </span>
      )}
      {totp && (
        <span>
          <Icon of={IconDeviceMobile} size={14} /> {t(totpKey?.origin === 'imported' ? 'factor.totpElsewhere' : 'factor.totp')}
        </span>
      )}
      {/* codes stand in for what was lost, so they are shown without it too */}
      {(totp || devices > 0 || left > 0) && (
        <span className={left <= 3 ? style.low : 't2'} title={t('factor.recoveryTitle')}>
          <Icon of={IconLifebuoy} size={14} /> {t('factor.recovery', { count: left })}
        </span>
      )}
    </span>
  )
}
