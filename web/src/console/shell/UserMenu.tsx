import { Menu, UnstyledButton } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconChevronDown, IconDeviceDesktop, IconList, IconLogout, IconUser } from '../../ui/icons.ts'
import { toast } from '../../ui/Toasts.tsx'
import { hasRole, useSession } from '../session.ts'
import { leave } from './sign-out.ts'
import style from './UserMenu.module.css'

export const UserMenu = ({ inConsole }: { inConsole: boolean }) => {
  const { t } = useTranslation()
  const session = useSession()
  const { username, displayName } = session.user
  const name = displayName || username
  return (
    <Menu position={inConsole ? 'top-start' : 'bottom-end'} width={200}>
      <Menu.Target>
        <UnstyledButton className={style.me}>
          <span className={style.initials} aria-hidden="true">
            {initials(name)}
          </span>
          <span className={style.name}>{name}</span>
          <span className="sr-only">{t('nav.menu')}</span>
          <Icon of={IconChevronDown} size={14} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {!inConsole && hasRole(session, 'auditor') && (
          <Menu.Item component={Link} to="/events" leftSection={<Icon of={IconList} />}>
            {t('nav.console')}
          </Menu.Item>
        )}
        <Menu.Item component={Link} to="/me" leftSection={<Icon of={IconUser} />}>
          {t('nav.account')}
        </Menu.Item>
        <Menu.Item component={Link} to="/me/sessions" leftSection={<Icon of={IconDeviceDesktop} />}>
          {t('nav.mySessions')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          leftSection={<Icon of={IconLogout} />}
          onClick={async () => {
            if (!(await leave())) toast(t('signOutFailed'))
          }}
        >
          {t('signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

const initials = (name: string) =>
  name
    .split(/[\s._@-]+/)
    .map((word) => word[0] ?? '')
    .slice(0, 2)
    .join('')
    .toUpperCase()
