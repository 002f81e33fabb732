import type { EnrolmentStanding, EnrolmentState, getEnrolment, getMyEnrolment } from '@postern/contract'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconCheck, IconCircleFilled, IconDeviceMobile } from '../../ui/icons.ts'
import { localeOf } from '../../ui/locale.ts'
import { useNow } from '../../ui/now.ts'
import { countryName } from '../../ui/places.ts'
import { type Look, StateBadge } from '../../ui/StateBadge.tsx'
import { CountDown } from '../../ui/TimeText.tsx'
import { useCall } from '../calls.ts'
import style from './Standing.module.css'

const looks: Record<EnrolmentState, Look> = {
  'not-yet-valid': 'waiting',
  waiting: 'waiting',
  opened: 'more',
  claimed: 'more',
  confirmed: 'success',
  failed: 'failure',
  lapsed: 'expired',
  expired: 'expired',
  revoked: 'revoked',
  replaced: 'revoked',
}
/** Whether anybody can begin with it yet: its symbol is of use to nobody else. */
export const isUnclaimed = (state: EnrolmentState): boolean => ['not-yet-valid', 'waiting', 'opened'].includes(state)
export const isOver = (state: EnrolmentState): boolean => !isUnclaimed(state) && state !== 'claimed'

const unknown: EnrolmentStanding = { state: 'waiting', phone: null, confirmBy: null, device: null }
/** How a code that is shown here stands: asked by itself, so that it keeps no session alive, and until it is over. */
export const useStanding = (
  endpoint: typeof getEnrolment | typeof getMyEnrolment,
  { id, expiresAt }: { id: string; expiresAt: string },
): EnrolmentStanding => {
  const since = useRef(Date.now())
  const { data: now = unknown } = useCall(
    endpoint,
    { id },
    {
      // a letter may be on its way for days
      everyMs: (last) => (last && isOver(last.state) ? false : Date.now() - since.current < 900_000 ? 2_000 : 15_000),
    },
  )
  const ended = useNow() >= Date.parse(expiresAt)
  return ended && isUnclaimed(now.state) ? { ...now, state: 'expired' } : now
}

/** Its state, who has it, and what to do next. `name`: whom it is for, where that is not oneself. */
export const Standing = ({ now, name }: { now: EnrolmentStanding; name?: string }) => {
  const { t } = useTranslation('enrol')
  const { state, phone, confirmBy, device } = now
  return (
    <>
      <div role="status">
        <StateBadge look={looks[state]} boxed>
          {t(`standing.state.${state}`)}
        </StateBadge>
      </div>
      {(!isOver(state) || state === 'confirmed') && <Steps state={state} />}
      {phone && <Phone {...phone} />}
      <p>
        {device && `${t('standing.registered', { device: device.name })} `}
        {name === undefined ? t(`standing.own.${state}`) : t(`standing.theirs.${state}`, { name })}
      </p>
      {confirmBy && (
        <p className="t2">
          {t('standing.finish')} <CountDown to={confirmBy} ended={t('standing.state.lapsed')} />
        </p>
      )}
    </>
  )
}

const Phone = ({ browser, platform, country, city }: NonNullable<EnrolmentStanding['phone']>) => {
  const { t, i18n } = useTranslation('enrol')
  const what = [browser, platform].filter((part) => !['', 'unknown', 'erased'].includes(part)).join(', ')
  const place = [city, countryName(country, localeOf(i18n.language))].filter(Boolean).join(', ')
  return (
    <p className={style.phone}>
      <Icon of={IconDeviceMobile} />
      <span className="sr-only">{t('standing.phone')}</span>
      <span>
        <b>{what || t('standing.phoneUnknown')}</b> · {place || t('standing.placeUnknown')}
      </span>
    </p>
  )
}

const steps = ['issued', 'opened', 'claimed', 'confirmed'] as const
const reached: Partial<Record<EnrolmentState, number>> = { opened: 2, claimed: 3, confirmed: 4 }
const Steps = ({ state }: { state: EnrolmentState }) => {
  const { t } = useTranslation('enrol')
  return (
    <ol className={style.steps}>
      {steps.map((step, at) => {
        const done = at < (reached[state] ?? 1)
        return (
          <li key={step} data-done={done ? '' : undefined}>
            <Icon of={done ? IconCheck : IconCircleFilled} size={done ? 14 : 6} />
            {t(`standing.step.${step}`)}
            {!done && <span className="sr-only">{t('standing.step.notYet')}</span>}
          </li>
        )
      })}
    </ol>
  )
}
