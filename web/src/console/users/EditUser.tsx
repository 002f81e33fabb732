import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { getUser, listUsers, type Role, type User, updateUser } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { useFocusBack } from '../../ui/focus-back.ts'
import { Note } from '../../ui/Note.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { useAction, useCall } from '../calls.ts'
import { useMay } from '../session.ts'
import { RolesField } from './RolesField.tsx'
import style from './Users.module.css'

type Typed = { displayName: string; email: string; roles: Role[] }
const typedOf = (user: User): Typed => ({ displayName: user.displayName, email: user.email ?? '', roles: user.roles })
const same = (a: Typed, b: Typed, name: keyof Typed) =>
  [a[name]].flat().slice().sort().join() === [b[name]].flat().slice().sort().join()
const names = ['displayName', 'email', 'roles'] as const

/**
 * Name, e-mail and roles, against the state that the dialogue opened with. Where somebody else saved meanwhile, both states are
 * shown, and what was typed stays until its person decides.
 */
export const EditUser = ({ user, etag, onClose }: { user: User; etag: string | undefined; onClose: () => void }) => {
  const { t } = useTranslation(['users', 'common'])
  useFocusBack()
  // Kept from the opening on: a later answer must not slip a newer tag under what was typed against an older state.
  const [base, setBase] = useState({ user, etag })
  const [typed, setTyped] = useState(() => typedOf(user))
  const owner = useMay('owner')
  const latest = useCall(getUser, { id: user.id })
  const save = useAction(updateUser, { refreshes: [getUser, listUsers], ifMatch: base.etag, onDone: onClose })
  const errors = fieldErrors(save.error)
  const code = save.error?.problem.code
  const before = typedOf(base.user)
  const changed = names.filter((name) => !same(typed, before, name))
  const set = (part: Partial<Typed>) => setTyped((was) => ({ ...was, ...part }))
  const now = latest.data
  const theirs = now && now.version !== base.user.version ? names.filter((name) => !same(typedOf(now), before, name)) : []
  const said = (of: Typed, name: keyof Typed) =>
    name === 'roles' ? of.roles.map((role) => t(`common:role.${role}`)).join(', ') : of[name] || t('common:none')
  const goOn = () => {
    if (!now) return
    // What was not touched here takes what is saved; what was, stays as typed.
    setTyped((was) => ({ ...typedOf(now), ...Object.fromEntries(changed.map((name) => [name, was[name]])) }))
    setBase({ user: now, etag: latest.etag })
    save.reset()
  }
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
          if (changed.length === 0) return onClose()
          const email = typed.email.trim()
          save.mutate(
            {
              id: user.id,
              ...(changed.includes('displayName') ? { displayName: typed.displayName } : {}),
              ...(changed.includes('email') ? { email: email === '' ? null : email } : {}),
              ...(changed.includes('roles') ? { roles: typed.roles } : {}),
            },
            { onError: ({ problem }) => void (problem.code === 'precondition-failed' && latest.refetch()) },
          )
        }}
      >
        <Stack gap="md">
          {code === 'precondition-failed' && now && (
            <Note
              tone="warn"
              title={t('changedTitle')}
              action={
                <Button variant="default" loading={latest.isFetching} onClick={goOn}>
                  {t('changedGoOn')}
                </Button>
              }
            >
              {t('changedText')}
              <ul className={style.both}>
                {theirs.map((name) => (
                  <li key={name}>
                    {t('changedBoth', { field: t(name), saved: said(typedOf(now), name), yours: said(typed, name) })}
                  </li>
                ))}
              </ul>
            </Note>
          )}
          <TextInput
            label={t('displayName')}
            maxLength={128}
            value={typed.displayName}
            error={errors.displayName}
            onChange={(typing) => set({ displayName: typing.currentTarget.value })}
            data-autofocus
          />
          <TextInput
            label={t('email')}
            type="email"
            maxLength={254}
            value={typed.email}
            error={errors.email}
            onChange={(typing) => set({ email: typing.currentTarget.value })}
          />
          <RolesField
            value={typed.roles}
            onChange={(roles) => set({ roles })}
            error={errors.roles ?? (code === 'conflict' ? t('lastOwner') : undefined)}
            disabled={!owner}
          />
          {changed.includes('roles') && <Note tone="warn">{t('rolesEndSessions')}</Note>}
          {save.error && code !== 'precondition-failed' && code !== 'conflict' && Object.keys(errors).length === 0 ? (
            <Refused error={save.error} />
          ) : null}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common:cancel')}
            </Button>
            <Button type="submit" loading={save.isPending} disabled={typed.roles.length === 0 || code === 'precondition-failed'}>
              {t('common:save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
