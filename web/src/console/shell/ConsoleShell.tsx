import { ActionIcon, Drawer } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { listBulkJobs } from '@postern/contract'
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { Fragment, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconClock, IconMenu2, IconProgress, IconSearch, IconUser, IconWorld } from '../../ui/icons.ts'
import { Mark } from '../../ui/Mark.tsx'
import { usePreferences } from '../../ui/preferences.ts'
import { useCall } from '../calls.ts'
import { useIssuer } from '../deployment.ts'
import { Notices } from '../notices/Notices.tsx'
import { hasRole, useSession } from '../session.ts'
import style from './ConsoleShell.module.css'
import { KeysDialog, useKeys } from './Keys.tsx'
import { NotAllowed } from './NotAllowed.tsx'
import { groups } from './pages.ts'
import { UserMenu } from './UserMenu.tsx'

/** The console: a sidebar of 208 px, below 900 px a drawer. Auditors see it without the buttons that act. */
export const ConsoleShell = () => {
  const { t } = useTranslation()
  const session = useSession()
  const [opened, drawer] = useDisclosure(false)
  const keys = useKeys()
  const path = useRouterState({ select: (state) => state.location.pathname })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the drawer closes when the page changes
  useEffect(() => drawer.close(), [path])
  const issuer = useIssuer()
  if (!hasRole(session, 'auditor')) return <NotAllowed />
  return (
    <div className={style.shell}>
      <aside className={style.side} data-sidebar="" aria-label={issuer}>
        <Sidebar />
      </aside>
      <header className={style.narrow}>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={44}
          aria-label={t('nav.open')}
          aria-expanded={opened}
          onClick={drawer.open}
        >
          <Icon of={IconMenu2} size={20} />
        </ActionIcon>
        <Mark size={20} />
        <b>{issuer}</b>
      </header>
      <Drawer opened={opened} onClose={drawer.close} size={264} title={issuer} closeButtonProps={{ 'aria-label': t('close') }}>
        <div className={style.drawn}>
          <Sidebar bare />
        </div>
      </Drawer>
      <main id="content" tabIndex={-1} className={style.main}>
        <Notices />
        <Outlet />
      </main>
      <KeysDialog {...keys} />
    </div>
  )
}

const Sidebar = ({ bare = false }: { bare?: boolean }) => {
  const { t, i18n } = useTranslation()
  const { utc } = usePreferences()
  const session = useSession()
  const issuer = useIssuer()
  const zone = Intl.DateTimeFormat(i18n.language).resolvedOptions().timeZone
  return (
    <>
      {!bare && (
        <div className={style.org}>
          <Mark />
          <span className="cut">{issuer}</span>
        </div>
      )}
      <Find />
      <nav aria-label={t('nav.label')}>
        {groups.map(({ group, pages }) => (
          <Fragment key={group ?? ''}>
            {group && <h2 className={style.group}>{t(`nav.${group}`)}</h2>}
            <ul>
              {pages.map(({ to, name, icon }) => (
                <li key={to}>
                  <Link to={to} className={style.page} activeProps={{ 'aria-current': 'page' }}>
                    <Icon of={icon} />
                    {t(`nav.${name}`)}
                  </Link>
                </li>
              ))}
            </ul>
          </Fragment>
        ))}
      </nav>
      <div className={style.foot}>
        <RunningJobs />
        <p>
          <Icon of={utc ? IconWorld : IconClock} size={12} />
          {utc ? t('foot.utc') : t('foot.zone', { zone })}
        </p>
        <p>
          <Icon of={IconUser} size={12} />
          {t('foot.role', { role: session.user.roles.map((role) => t(`role.${role}`)).join(', ') })}
        </p>
        <UserMenu inConsole />
      </div>
    </>
  )
}

const jobsEveryMs = 15_000
/** What goes on beside the pages. */
const RunningJobs = () => {
  const { t } = useTranslation()
  const jobs = useCall(listBulkJobs, { state: 'running', limit: 20 }, { everyMs: jobsEveryMs })
  const count = jobs.data?.items.length ?? 0
  return (
    <p>
      <Icon of={IconProgress} size={12} />
      <Link to="/bulk">{count > 0 ? t('foot.jobs', { count }) : t('foot.noJobs')}</Link>
    </p>
  )
}

/** `/` brings one here. An id of any kind goes to its page; anything else searches people. */
const Find = () => {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [text, setText] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const go = (typed: string) => {
    const id = typed.trim()
    setText('')
    const [kind] = id.split('_')
    if (/^(usr|cod|evt)_[0-9a-z]{26}$/.test(id)) {
      const to = { usr: '/users/$id', cod: '/codes/$id', evt: '/events/$id' } as const
      return navigate({ to: to[kind as 'usr'], params: { id } })
    }
    if (/^ses_[0-9a-z]{26}$/.test(id)) return navigate({ to: '/events', search: { sessionId: id } as never })
    if (/^[0-9a-f.:]*[.:][0-9a-f.:]+$/i.test(id)) return navigate({ to: '/events', search: { address: id } as never })
    return navigate({ to: '/users', search: { q: id } as never })
  }
  return (
    <search>
      <form
        className={style.find}
        onSubmit={(submit) => {
          submit.preventDefault()
          if (text.trim()) void go(text)
        }}
      >
        <Icon of={IconSearch} size={14} />
        <input
          ref={input}
          data-find=""
          type="search"
          aria-label={t('find.label')}
          placeholder={t('find.placeholder')}
          value={text}
          onChange={(change) => setText(change.currentTarget.value)}
        />
        <span className={style.slash} aria-hidden="true">
          /
        </span>
      </form>
    </search>
  )
}
