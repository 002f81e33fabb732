import { Checkbox, Stack } from '@mantine/core'
import { type Role, roles } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { useMay } from '../session.ts'

/** Roles of a person. Nobody gives more rights than they have: what is above one's own is off, and says why. */
export const RolesField = ({
  value,
  onChange,
  error,
  disabled = false,
}: {
  value: Role[]
  onChange: (value: Role[]) => void
  error?: string | undefined
  /** Only an owner changes the roles of somebody who is here. */
  disabled?: boolean
}) => {
  const { t } = useTranslation(['users', 'common'])
  const own = { owner: useMay('owner'), operator: useMay('operator') }
  const above = (role: Role) => (role === 'owner' ? !own.owner : role === 'operator' ? !own.operator : false)
  return (
    <Checkbox.Group
      label={t('roles')}
      description={disabled ? t('rolesOwner') : own.owner ? undefined : t('rolesOwn')}
      value={value}
      error={error}
      onChange={(chosen) => onChange(chosen as Role[])}
    >
      <Stack gap="xs" mt="xs">
        {roles.map((role) => (
          <Checkbox
            key={role}
            value={role}
            label={t(`common:role.${role}`)}
            description={t(`role.${role}`)}
            disabled={disabled || above(role)}
          />
        ))}
      </Stack>
    </Checkbox.Group>
  )
}
