import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Mark } from '../../ui/Mark.tsx'
import { useIssuer } from '../deployment.ts'
import { Notices } from '../notices/Notices.tsx'
import { hasRole, useSession } from '../session.ts'
import style from './OwnShell.module.css'
import { UserMenu } from './UserMenu.tsx'

/** Self-service: a plain top bar, the same at 390 px. */
export const OwnShell = () => {
  const { t } = useTranslation()
  const issuer = useIssuer()
  const session = useSession()
  const path = useRouterState({ select: (state) => state.location.pathname })
  return (
    <div className={style.shell}>
      <header className={style.top}>
        <div className={style.org}>
          <Mark />
          <span className="cut">{issuer}</span>
        </div>
        <nav aria-label={t('nav.label')} className={style.nav}>
          <Link to="/me" aria-current={path === '/me' ? 'page' : undefined} activeOptions={{ exact: true }}>
            {t('nav.account')}
          </Link>
          <Link to="/me/sessions" aria-current={path === '/me/sessions' ? 'page' : undefined}>
            {t('nav.mySessions')}
          </Link>
          {hasRole(session, 'auditor') && <Link to="/events">{t('nav.console')}</Link>}
        </nav>
        <UserMenu inConsole={false} />
      </header>
      <main id="content" tabIndex={-1} className={style.main}>
        <Notices />
        <Outlet />
      </main>
    </div>
  )
}
