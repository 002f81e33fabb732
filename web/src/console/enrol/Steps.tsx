import { Fragment } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconCheck } from '../../ui/icons.ts'
import style from './Steps.module.css'

export const Steps = ({ now }: { now: 1 | 2 | 3 }) => {
  const { t } = useTranslation('enrol')
  return (
    <ol className={style.steps} aria-label={t('steps.label')}>
      {([1, 2, 3] as const).map((step) => (
        <Fragment key={step}>
          {step > 1 && <li className={style.line} aria-hidden="true" />}
          <li data-state={step < now ? 'done' : step === now ? 'now' : 'next'} aria-current={step === now ? 'step' : undefined}>
            <span className={style.number}>{step < now ? <Icon of={IconCheck} size={12} stroke={2.2} /> : step}</span>
            <span className={style.name}>{t(`steps.${step}`)}</span>
          </li>
        </Fragment>
      ))}
    </ol>
  )
}
