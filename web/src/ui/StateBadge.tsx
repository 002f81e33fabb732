import type { ComponentProps, ReactNode } from 'react'
import { Icon } from './Icon.tsx'
import {
  IconAlertTriangle,
  IconBan,
  IconCheck,
  IconCircleFilled,
  IconClock,
  IconHourglass,
  IconInfoCircle,
  IconPlus,
  IconX,
} from './icons.ts'
import style from './StateBadge.module.css'

/** A state is an icon and a word; the colour only helps. Each look has one meaning everywhere (screens.md §3). */
export type Look = keyof typeof looks
const looks = {
  success: { icon: IconCheck, tone: 'ok' },
  active: { icon: IconCircleFilled, tone: 'ok' },
  failure: { icon: IconX, tone: 'fail' },
  denied: { icon: IconBan, tone: 'deny' },
  revoked: { icon: IconBan, tone: 'deny' },
  caution: { icon: IconAlertTriangle, tone: 'warn' },
  more: { icon: IconPlus, tone: 'warn' },
  used: { icon: IconCheck, tone: 'idle' },
  expired: { icon: IconHourglass, tone: 'idle' },
  waiting: { icon: IconClock, tone: 'idle' },
  plain: { icon: IconInfoCircle, tone: 'idle' },
} as const satisfies Record<string, { icon: ComponentProps<typeof Icon>['of']; tone: string }>

export const StateBadge = ({ look, children, boxed = false }: { look: Look; children: ReactNode; boxed?: boolean }) => (
  <span className={style.state} data-tone={looks[look].tone} data-boxed={boxed ? '' : undefined}>
    <Icon of={looks[look].icon} size={look === 'active' ? 8 : 14} />
    {children}
  </span>
)
