import { Button, Group, Stack, TextInput } from '@mantine/core'
import { createUser, deploymentInfo, listUsers, type Role } from '@postern/contract'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { Note } from '../../ui/Note.tsx'
import { Page } from '../../ui/Page.tsx'
import { useAction, useCall } from '../calls.ts'
import { useMay } from '../session.ts'
import { RolesField } from './RolesField.tsx'
import style from './Users.module.css'

/** A new person. They have no factor until they enrol, so their page opens with a code to hand out. What was typed stays on a refusal. */
export default function NewUserPage() {
  const { t } = useTranslation(['users', 'common'])
  const navigate = useNavigate()
  const [typed, setTyped] = useState({ username: '', displayName: '', email: '' })
  const [chosen, setChosen] = useState<Role[]>(['user'])
  const may = useMay('operator')
  const off = useCall(deploymentInfo, {}).data?.enrolment === false
  const create = useAction(createUser, {
    refreshes: listUsers,
    onDone: ({ id }) => void navigate({ to: '/users/$id', params: { id }, search: (off ? {} : { enrol: 'now' }) as never }),
  })
  const errors = fieldErrors(create.error)
  const taken = create.error?.problem.code === 'conflict'
  const field = (name: keyof typeof typed) => ({
    value: typed[name],
    error: name === 'username' && taken ? t('common:field.taken') : errors[name],
    onChange: (typing: { currentTarget: { value: string } }) => {
      const { value } = typing.currentTarget
      setTyped((before) => ({ ...before, [name]: value }))
    },
  })
  if (!may)
    return (
      <Page title={t('create')} crumb={<Link to="/users">{t('title')}</Link>}>
        <Note tone="warn" title={t('createNot')}>
          {t('createNotText')}
        </Note>
      </Page>
    )
  return (
    <Page
      title={t('create')}
      crumb={<Link to="/users">{t('title')}</Link>}
      error={Object.keys(errors).length > 0 || taken ? undefined : create.error}
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
          {off && <Note title={t('enrolOff')}>{t('enrolOffText')}</Note>}
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
