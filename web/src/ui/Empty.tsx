import type { ReactNode } from 'react'
import style from './Empty.module.css'

/** Three kinds, worded apart by whoever uses it: nothing yet (one action), nothing matches (clear filters), not allowed (who could). */
export const Empty = ({ title, children, action }: { title: ReactNode; children?: ReactNode; action?: ReactNode }) => (
  <div className={style.empty}>
    <p className={style.title}>{title}</p>
    {children && <p>{children}</p>}
    {action && <div className={style.action}>{action}</div>}
  </div>
)
