import { Button, UnstyledButton } from '@mantine/core'
import type { SignInMethod } from '@postern/contract'
import type { ComponentProps, ComponentType } from 'react'
import { Trans, useTranslation } from 'react-i18next'
import { AssuranceBadge } from '../../ui/AssuranceBadge.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { IconBluetooth, IconChevronRight, IconFingerprint, IconKey, IconLifebuoy, IconQrcode } from '../../ui/icons.ts'
import { TimeText } from '../../ui/TimeText.tsx'
import { usePasswordAlone } from '../deployment.ts'
import { assuredBy } from './assured-by.ts'
import { hasPasskeys, type PasskeyAt, passkeyUsedHere } from './passkey.ts'
import style from './Ways.module.css'

/** The ways that are open now, in order of assurance: the strongest first, each with what it is. */
export const Ways = ({
  next,
  narrow,
  code,
  busy,
  onPasskey,
  onCode,
  onPassword,
  onRecovery,
}: {
  next: readonly SignInMethod[]
  narrow: boolean
  /** Where our code stands. */
  code: 'right' | 'below' | 'hidden'
  busy: PasskeyAt | undefined
  onPasskey: (at: PasskeyAt) => void
  onCode: () => void
  onPassword: (() => void) | undefined
  onRecovery: (() => void) | undefined
}) => {
  const { t } = useTranslation('sign-in')
  const passkeys = next.includes('passkey') && hasPasskeys()
  const before = next.includes('password') ? [] : ['pwd']
  const alone = usePasswordAlone()
  return (
    <div className={style.ways}>
      {passkeys && <PasskeyHere narrow={narrow} before={before} busy={busy === 'here'} onPress={() => onPasskey('here')} />}
      {passkeys && !narrow && (
        <Way
          of="hybrid"
          icon={IconBluetooth}
          name={t('hybrid')}
          text={t('hybridText')}
          assured={assuredBy.passkey(before)}
          busy={busy === 'phone'}
          onPress={() => onPasskey('phone')}
        />
      )}
      {next.includes('qr') && (
        <Way
          of="qr"
          icon={IconQrcode}
          name={t(code === 'hidden' ? (narrow ? 'showCode' : 'code.title') : code === 'below' ? 'scanBelow' : 'scanRight')}
          text={t(code === 'hidden' && narrow ? 'showCodeText' : 'scanText')}
          assured={assuredBy.qr(before)}
          onPress={onCode}
        />
      )}
      {onPassword && (
        <Way
          of="password"
          icon={IconKey}
          name={t('way')}
          text={t('wayText')}
          assured={assuredBy.password(alone)}
          onPress={onPassword}
        />
      )}
      {onRecovery && (
        <Way
          of="recovery-code"
          icon={IconLifebuoy}
          name={t('recoveryWay')}
          text={t('recoveryWayText')}
          assured={assuredBy.recovery}
          onPress={onRecovery}
        />
      )}
    </div>
  )
}

const PasskeyHere = ({
  narrow,
  before,
  busy,
  onPress,
}: {
  narrow: boolean
  before: readonly string[]
  busy: boolean
  onPress: () => void
}) => {
  const { t } = useTranslation('sign-in')
  const used = passkeyUsedHere()
  return (
    <div className={style.first}>
      <Button
        size="lg"
        fullWidth
        justify="space-between"
        leftSection={
          <span className={style.leading}>
            <Icon of={IconFingerprint} size={20} />
            {t(narrow ? 'passkeyPhone' : 'passkeyHere')}
          </span>
        }
        rightSection={<Icon of={IconChevronRight} />}
        data-way="passkey"
        loading={busy}
        onClick={onPress}
      />
      <p>
        <AssuranceBadge {...assuredBy.passkey(before)} />
        {used && (
          <span>
            <Trans t={t} i18nKey="passkeyUsed" components={{ 1: <TimeText at={used} as="moment" /> }} />
          </span>
        )}
      </p>
    </div>
  )
}

const Way = ({
  of,
  icon,
  name,
  text,
  assured,
  busy = false,
  onPress,
}: {
  of: string
  icon: ComponentType<{ size?: number | string; stroke?: number | string; className?: string }>
  name: string
  text: string
  assured: ComponentProps<typeof AssuranceBadge>
  busy?: boolean
  onPress: () => void
}) => (
  <UnstyledButton className={style.way} data-way={of} aria-busy={busy} onClick={onPress}>
    <Icon of={icon} size={20} />
    <span className={style.what}>
      <b>{name}</b>
      <span>{text}</span>
    </span>
    <AssuranceBadge {...assured} />
  </UnstyledButton>
)
