import { Button, Stack, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { PasscodeField } from '../../ui/PasscodeField.tsx'
import { PasswordField } from '../../ui/PasswordField.tsx'
import style from './SignInPage.module.css'

type Form = { busy: boolean; waiting: boolean; onSubmit: () => void }
/** One thing to prove, and the button that sends it. */
const Proof = ({ busy, waiting, onSubmit, gap = 'lg', children }: Form & { gap?: 'sm' | 'lg'; children: ReactNode }) => {
  const { t } = useTranslation('sign-in')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      <Stack gap={gap}>
        {children}
        <Button type="submit" size="lg" fullWidth loading={busy} disabled={waiting}>
          {t('submit')}
        </Button>
      </Stack>
    </form>
  )
}

/** Name and password. The name field also takes a passkey, where the browser fills one in. */
export const PasswordForm = ({
  username,
  onUsername,
  password,
  onPassword,
  error,
  ...form
}: Form & {
  username: string
  onUsername: (typed: string) => void
  password: string
  onPassword: (typed: string) => void
  error: string | undefined
}) => {
  const { t } = useTranslation('sign-in')
  return (
    <Proof {...form}>
      <TextInput
        size="md"
        label={t('name')}
        name="username"
        autoComplete="username webauthn"
        autoCapitalize="none"
        spellCheck={false}
        required
        withAsterisk={false}
        autoFocus={username === ''}
        value={username}
        onChange={(change) => onUsername(change.currentTarget.value)}
      />
      <PasswordField
        size="md"
        label={t('password')}
        name="password"
        autoComplete="current-password"
        required
        withAsterisk={false}
        autoFocus={username !== ''}
        value={password}
        error={error}
        onChange={(change) => onPassword(change.currentTarget.value)}
      />
    </Proof>
  )
}

/** As many digits as the person’s key gives; on the last one they send themselves. */
export const PasscodeForm = ({
  code,
  digits,
  onCode,
  onWhole,
  error,
  ...form
}: Form & {
  code: string
  digits: number
  onCode: (typed: string) => void
  onWhole: (code: string) => void
  error: string | undefined
}) => {
  const { t } = useTranslation('sign-in')
  return (
    <Proof {...form} waiting={form.waiting || code.length < digits} gap="sm">
      <PasscodeField
        label={t(digits === 8 ? 'passcodeEight' : 'passcodeSix')}
        digits={digits}
        value={code}
        onChange={onCode}
        onComplete={onWhole}
        error={error}
        autoFocus
      />
    </Proof>
  )
}

export const RecoveryForm = ({
  code,
  onCode,
  error,
  ...form
}: Form & { code: string; onCode: (typed: string) => void; error: string | undefined }) => {
  const { t } = useTranslation('sign-in')
  return (
    <Proof {...form}>
      <TextInput
        size="md"
        label={t('recovery')}
        description={t('recoveryText')}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        required
        withAsterisk={false}
        maxLength={64}
        classNames={{ input: style.mono ?? '' }}
        value={code}
        error={error}
        onChange={(change) => onCode(change.currentTarget.value)}
      />
    </Proof>
  )
}
