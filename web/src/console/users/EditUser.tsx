import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { getUser, listUsers, type Role, type User, updateUser } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { Note } from '../../ui/Note.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { useAction, useCall } from '../calls.ts'
import { useMay } from '../session.ts'
import { RolesField } from './RolesField.tsx'

/** Name, e-mail and roles. Where somebody else saved meanwhile, what they saved is shown and what was typed stays. */
export const EditUser = ({ user, etag, onClose }: { user: User; etag: string | undefined; onClose: () => void }) => {
  const { t } = useTranslation(['users', 'common'])
  const [displayName, setDisplayName] = useState(user.displayName)
  const [email, setEmail] = useState(user.email ?? '')
  const [chosen, setChosen] = useState<Role[]>(user.roles)
  const owner = useMay('owner')
  const latest = useCall(getUser, { id: user.id })
  const save = useAction(updateUser, { refreshes: [getUser, listUsers], ifMatch: etag, onDone: onClose })
  const errors = fieldErrors(save.error)
  const changedMeanwhile = save.error?.problem.code === 'precondition-failed'
  const rolesChanged = [...chosen].sort().join() !== [...user.roles].sort().join()
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('editTitle', { name: user.username })}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      <form
        onSubmit={(submit) => {
          submit.preventDefault()
          save.mutate({
            id: user.id,
            displayName,
            email: email.trim() === '' ? null : email.trim(),
            ...(rolesChanged ? { roles: chosen } : {}),
          })
        }}
      >
        <Stack gap="md">
          {changedMeanwhile && (
            <Note
              tone="warn"
              title={t('changedTitle')}
              action={
                <Button variant="default" onClick={() => void latest.refetch().then(() => save.reset())}>
                  {t('changedLoad')}
                </Button>
              }
            >
              {t('changedText', { displayName: latest.data?.displayName || '–', email: latest.data?.email ?? '–' })}
            </Note>
          )}
          <TextInput
            label={t('displayName')}
            maxLength={128}
            value={displayName}
            error={errors.displayName}
            onChange={(typing) => setDisplayName(typing.currentTarget.value)}
            data-autofocus
          />
          <TextInput
            label={t('email')}
            type="email"
            maxLength={254}
            value={email}
            error={errors.email}
            onChange={(typing) => setEmail(typing.currentTarget.value)}
          />
          <RolesField value={chosen} onChange={setChosen} error={errors.roles} disabled={!owner} />
          {rolesChanged && <p className="small t2">{t('rolesEndSessions')}</p>}
          {save.error && !changedMeanwhile && Object.keys(errors).length === 0 ? <Refused error={save.error} /> : null}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common:cancel')}
            </Button>
            <Button type="submit" loading={save.isPending} disabled={chosen.length === 0}>
              {t('common:save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
