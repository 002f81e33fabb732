import type { ReactNode } from 'react'
import { Icon } from './Icon.tsx'
import { IconAlertTriangle, IconCheck, IconInfoCircle, IconX } from './icons.ts'
import style from './Note.module.css'

const icons = { idle: IconInfoCircle, ok: IconCheck, warn: IconAlertTriangle, fail: IconX }

/** What happened, what it means, what to do, beside what it is about. `fail` and `warn` are read out when they appear. */
export const Note = ({
  tone = 'idle',
  title,
  children,
  action,
}: {
  tone?: keyof typeof icons
  title?: ReactNode
  children?: ReactNode
  action?: ReactNode
}) => (
  <div className={style.note} data-tone={tone} role={tone === 'fail' ? 'alert' : tone === 'warn' ? 'status' : undefined}>
    <Icon of={icons[tone]} />
    <div className={style.words}>
      {title && <strong>{title}</strong>}
      {children && <div>{children}</div>}
      {action && <div className={style.action}>{action}</div>}
    </div>
  </div>
)
