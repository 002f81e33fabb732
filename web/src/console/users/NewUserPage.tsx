import { Button, Group, Stack, TextInput } from '@mantine/core'
import { createUser, listUsers, type Role } from '@postern/contract'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { Page } from '../../ui/Page.tsx'
import { useAction } from '../calls.ts'
import { RolesField } from './RolesField.tsx'
import style from './Users.module.css'

/** A new person. They have no factor until they enrol; the page of the person offers a code at once. */
export default function NewUserPage() {
  const { t } = useTranslation(['users', 'common'])
  const navigate = useNavigate()
  const [typed, setTyped] = useState({ username: '', displayName: '', email: '' })
  const [chosen, setChosen] = useState<Role[]>(['user'])
  const create = useAction(createUser, {
    refreshes: listUsers,
    onDone: ({ id }) => void navigate({ to: '/users/$id', params: { id }, search: { enrol: 'now' } as never }),
  })
  const errors = fieldErrors(create.error)
  const field = (name: keyof typeof typed) => ({
    value: typed[name],
    error: errors[name],
    onChange: (typing: { currentTarget: { value: string } }) => {
      const { value } = typing.currentTarget
      setTyped((before) => ({ ...before, [name]: value }))
    },
  })
  return (
    <Page
      title={t('create')}
      crumb={<Link to="/users">{t('title')}</Link>}
      error={Object.keys(errors).length > 0 ? undefined : create.error}
    >
      <form
        className={style.form}
        onSubmit={(submit) => {
          submit.preventDefault()
          create.mutate({
            username: typed.username,
            roles: chosen,
            ...(typed.displayName.trim() ? { displayName: typed.displayName } : {}),
            ...(typed.email.trim() ? { email: typed.email.trim() } : {}),
          })
        }}
      >
        <Stack gap="md">
          <TextInput
            label={t('username')}
            description={t('usernameText')}
            required
            autoComplete="off"
            maxLength={64}
            {...field('username')}
          />
          <TextInput label={t('displayName')} maxLength={128} autoComplete="off" {...field('displayName')} />
          <TextInput label={t('email')} type="email" maxLength={254} autoComplete="off" {...field('email')} />
          <RolesField value={chosen} onChange={setChosen} error={errors.roles} />
          <Group gap="sm">
            <Button type="submit" loading={create.isPending} disabled={typed.username.trim() === '' || chosen.length === 0}>
              {t('create')}
            </Button>
            <Button component={Link} to="/users" variant="default">
              {t('common:cancel')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Page>
  )
}
