import type { User } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconDeviceMobile, IconKey, IconLock } from '../../ui/icons.ts'
import style from './Users.module.css'

/** What a person signs in with: icons, each with its word. */
export const FactorIcons = ({ of: { factors } }: { of: User }) => {
  const { t } = useTranslation(['users', 'common'])
  if (!factors.password && !factors.totp) return <span className="t3">{t('noFactor')}</span>
  return (
    <span className={style.factors}>
      {factors.password && (
        <span>
          <Icon of={IconLock} size={14} /> {t('factor.password')}
        </span>
      )}
      {factors.totp && (
        <span>
          <Icon of={IconDeviceMobile} size={14} /> {t('factor.totp')}
        </span>
      )}
      {factors.totp && (
        <span className={factors.recoveryCodesLeft <= 3 ? 'warn' : 't3'}>
          <Icon of={IconKey} size={14} /> {factors.recoveryCodesLeft}
          <span className="sr-only"> {t('common:recovery.left', { count: factors.recoveryCodesLeft })}</span>
        </span>
      )}
    </span>
  )
}
