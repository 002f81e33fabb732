import type { ReactNode } from 'react'
import { LanguageMenu } from './Controls.tsx'
import { Mark } from './Mark.tsx'
import style from './PublicShell.module.css'

/** What stands around sign-in and wizard: who this is, where one is in it, and what is always true. */
export const PublicShell = ({
  name,
  middle,
  aside,
  footer,
  footerEnd,
  wide = false,
  centred = false,
  children,
}: {
  name: string
  middle?: ReactNode
  aside?: ReactNode
  footer?: ReactNode
  footerEnd?: ReactNode
  wide?: boolean
  /** In the middle of the window, where it fits. */
  centred?: boolean
  children: ReactNode
}) => (
  <div className={style.shell}>
    <header className={style.top} data-no-print="">
      <div className={style.org}>
        <Mark />
        <span className="cut">{name}</span>
      </div>
      {middle}
      <div className={style.aside}>
        <LanguageMenu />
        {aside}
      </div>
    </header>
    <main id="content" tabIndex={-1} className={wide ? style.wide : style.main} data-centred={centred || undefined}>
      {children}
    </main>
    <footer className={style.bottom} data-no-print="">
      <div>{footer}</div>
      <div>{footerEnd}</div>
    </footer>
  </div>
)

/** The one card of a public page. */
export const Card = ({ children, className }: { children: ReactNode; className?: string | undefined }) => (
  <div className={className ? `${style.card} ${className}` : style.card}>{children}</div>
)
