import { Checkbox, Stack } from '@mantine/core'
import { type Role, roles } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { useMay } from '../session.ts'

/** Roles of a person. Nobody gives more than they have: what is above one's own is off. */
export const RolesField = ({
  value,
  onChange,
  error,
  disabled = false,
}: {
  value: Role[]
  onChange: (value: Role[]) => void
  error?: string | undefined
  disabled?: boolean
}) => {
  const { t } = useTranslation(['users', 'common'])
  const owner = useMay('owner')
  return (
    <Checkbox.Group
      label={t('roles')}
      description={owner ? undefined : t('rolesOwn')}
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
            disabled={disabled || (!owner && role === 'owner')}
          />
        ))}
      </Stack>
    </Checkbox.Group>
  )
}
