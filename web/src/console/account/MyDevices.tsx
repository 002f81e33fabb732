import { Button } from '@mantine/core'
import { type Device, myDevices, myFactors } from '@postern/contract'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconDeviceDesktop, IconDeviceMobile } from '../../ui/icons.ts'
import { Loading } from '../../ui/Loading.tsx'
import { Section } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useCall } from '../calls.ts'
import { KeptWord, LastUsedInWords } from '../devices/parts.tsx'
import { deviceLook, useSystemOf } from '../devices/words.ts'
import style from './AccountPage.module.css'
import { AddPasskey } from './AddPasskey.tsx'
import { LostDevice, RemoveDevice, RenameDevice } from './device-dialogs.tsx'

/** One's devices: what each is, when it was used, and naming, reporting and removing it. */
export const MyDevices = ({ onCodes }: { onCodes: (codes: string[]) => void }) => {
  const { t } = useTranslation('devices')
  const devices = useCall(myDevices, {})
  const enrolment = useCall(myFactors, {}).data?.enrolment ?? false
  const [asked, setAsked] = useState<{ what: 'rename' | 'lost' | 'remove'; device: Device }>()
  const close = () => setAsked(undefined)
  const items = devices.data?.items ?? []
  const active = items.filter(({ state }) => state === 'active')
  const ended = items.filter(({ state }) => state !== 'active')
  return (
    <Section title={t('mine.title')} aside={<span className="small t3">{t('mine.text')}</span>}>
      {devices.isError ? (
        <Refused error={devices.error} onRetry={() => devices.refetch()} />
      ) : !devices.data ? (
        <Loading lines={2} />
      ) : (
        <>
          {active.length === 0 ? (
            <p className="t2">{t('mine.none')}</p>
          ) : (
            <ul className={style.ways} aria-label={t('mine.title')}>
              {active.map((device) => (
                <One key={device.id} device={device}>
                  {(['rename', 'lost', 'remove'] as const).map((what) => {
                    const verb = what === 'lost' ? t('lost.verb') : t(`mine.${what}`)
                    return (
                      <Button
                        key={what}
                        variant="default"
                        aria-label={t('actOf', { verb, name: device.name })}
                        onClick={() => setAsked({ what, device })}
                      >
                        {verb}
                      </Button>
                    )
                  })}
                </One>
              ))}
            </ul>
          )}
          {enrolment && <AddPasskey first={active.length === 0} onCodes={onCodes} />}
          {ended.length > 0 && (
            <details className={style.ended}>
              <summary>{t('mine.ended')}</summary>
              <ul className={style.ways}>
                {ended.map((device) => (
                  <One key={device.id} device={device} />
                ))}
              </ul>
            </details>
          )}
        </>
      )}
      {asked?.what === 'rename' && <RenameDevice device={asked.device} onClose={close} />}
      {asked?.what === 'lost' && <LostDevice device={asked.device} onClose={close} />}
      {asked?.what === 'remove' && <RemoveDevice device={asked.device} onClose={close} />}
    </Section>
  )
}

const One = ({ device, children }: { device: Device; children?: ReactNode }) => {
  const { t } = useTranslation('devices')
  const systemOf = useSystemOf()
  const { name, model, state, stateAt, createdAt, current, transports } = device
  const away = transports.some((transport) => transport === 'hybrid' || transport === 'usb' || transport === 'nfc')
  return (
    <li className={style.way}>
      <Icon of={away || /android|ios|iphone/i.test(device.platform) ? IconDeviceMobile : IconDeviceDesktop} size={20} />
      <div className={style.what}>
        <h3>{name}</h3>
        <div className={style.facts}>
          {state !== 'active' && (
            <StateBadge look={deviceLook[state]}>
              {t(`state.${state}`)} {stateAt && <TimeText at={stateAt} as="moment" />}
            </StateBadge>
          )}
          {current && <StateBadge look="active">{t('current')}</StateBadge>}
          <KeptWord of={device} />
          {model && model !== name && <span>{model}</span>}
          {systemOf(device) !== name && <span>{systemOf(device)}</span>}
          <span>
            {t('since')} <TimeText at={createdAt} as="moment" />
          </span>
          <span>
            <LastUsedInWords of={device} />
          </span>
        </div>
      </div>
      <div className={style.acts}>{children}</div>
    </li>
  )
}
