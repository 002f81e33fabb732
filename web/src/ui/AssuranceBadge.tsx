import { Tooltip } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import style from './AssuranceBadge.module.css'

export type Acr = 'aal1' | 'aal2' | 'phr' | 'phrh'
const pips: Record<Acr, number> = { aal1: 1, aal2: 2, phr: 3, phrh: 3 }

export type Assured = { acr: Acr; amr?: string[] }
const inTerms = ({ acr, amr = [] }: Assured) => `acr ${acr}${amr.length > 0 ? ` · amr ${amr.join(', ')}` : ''}`

/**
 * Three pips and the words for what was proved; `acr` and `amr` stand in the tooltip. `or`: before it is proved, what else it may
 * come to; the least of it is what is drawn.
 */
export const AssuranceBadge = ({ or, ...is }: Assured & { or?: Assured | undefined }) => {
  const { t } = useTranslation()
  const { acr } = is
  return (
    <Tooltip label={or ? t('assurance.either', { one: inTerms(is), other: inTerms(or) }) : inTerms(is)}>
      <span className={style.assurance} data-acr={acr}>
        <i aria-hidden="true">
          {[1, 2, 3].map((pip) => (
            <u key={pip} data-full={pip <= pips[acr] ? '' : undefined} />
          ))}
        </i>
        {t(acr === 'aal1' && or ? 'assurance.aal1or2' : `assurance.${acr}`)}
      </span>
    </Tooltip>
  )
}
