import { Button, Group, Modal, Stack } from '@mantine/core'
import { changePassword, leastPassword, myFactors, mySessions, passwordLength } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { NewPasswordField } from '../../ui/NewPasswordField.tsx'
import { PasswordField } from '../../ui/PasswordField.tsx'
import { problemIn, Refused } from '../../ui/Refused.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction } from '../calls.ts'
import { useIssuer } from '../deployment.ts'
import { useSession } from '../session.ts'

export const ChangePassword = ({ opened, onClose }: { opened: boolean; onClose: () => void }) => {
  const { t } = useTranslation(['account', 'common'])
  const { user } = useSession()
  const issuer = useIssuer()
  const [current, setCurrent] = useState('')
  const [chosen, setChosen] = useState('')
  const close = () => {
    setCurrent('')
    setChosen('')
    change.reset()
    onClose()
  }
  const change = useAction(changePassword, {
    refreshes: [myFactors, mySessions],
    onDone: () => {
      close()
      toast(t('passwordChanged'))
    },
  })
  const missing = leastPassword - passwordLength(chosen)
  const errors = fieldErrors(change.error)
  const code = problemIn(change.error)?.code
  const wrong = code === 'factor-wrong'
  return (
    <Modal opened={opened} onClose={close} title={t('changePassword')} closeButtonProps={{ 'aria-label': t('common:close') }}>
      <form
        onSubmit={(submit) => {
          submit.preventDefault()
          change.mutate({ current, new: chosen })
        }}
      >
        <Stack gap="md">
          <p>{t('changePasswordText')}</p>
          <input type="text" name="username" autoComplete="username" value={user.username} readOnly hidden />
          <PasswordField
            label={t('currentPassword')}
            autoComplete="current-password"
            value={current}
            data-autofocus
            error={wrong ? t('currentWrong') : errors.current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
          />
          <NewPasswordField
            label={t('newPassword')}
            value={chosen}
            missing={missing}
            onChange={setChosen}
            names={[user.username, user.displayName, issuer, 'postern']}
            error={errors.new}
          />
          {change.error && !wrong && Object.keys(errors).length === 0 && <Refused error={change.error} />}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={close}>
              {t('common:cancel')}
            </Button>
            <Button type="submit" loading={change.isPending} disabled={current === '' || missing > 0}>
              {t('changePassword')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
