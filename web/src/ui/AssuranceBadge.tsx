import { Tooltip } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import style from './AssuranceBadge.module.css'

export type Acr = 'aal1' | 'aal2' | 'phr' | 'phrh'
const pips: Record<Acr, number> = { aal1: 1, aal2: 2, phr: 3, phrh: 3 }

/** Three pips and the words for what was proved; `acr` and `amr` stand in the tooltip. */
export const AssuranceBadge = ({ acr, amr = [] }: { acr: Acr; amr?: string[] }) => {
  const { t } = useTranslation()
  return (
    <Tooltip label={`acr ${acr}${amr.length > 0 ? ` · amr ${amr.join(', ')}` : ''}`}>
      <span className={style.assurance} data-acr={acr}>
        <i aria-hidden="true">
          {[1, 2, 3].map((pip) => (
            <u key={pip} data-full={pip <= pips[acr] ? '' : undefined} />
          ))}
        </i>
        {t(`assurance.${acr}`)}
      </span>
    </Tooltip>
  )
}
