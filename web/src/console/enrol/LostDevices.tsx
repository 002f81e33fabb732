import { Button } from '@mantine/core'
import { type Device, myDevices } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Card } from '../../ui/PublicShell.tsx'
import { LostDevice } from '../account/device-dialogs.tsx'
import { useCall } from '../calls.ts'
import { LastUsedInWords } from '../devices/parts.tsx'
import style from './EnrolPage.module.css'

/** Who came in with a recovery code has lost something: each device can be reported here, without needing it. `only`: it ends anyway. */
export const LostDevices = ({ only }: { only: boolean }) => {
  const { t } = useTranslation(['enrol', 'devices'])
  const devices = useCall(myDevices, {}, { staysHere: true })
  const [asked, setAsked] = useState<Device>()
  const active = devices.data?.items.filter(({ state }) => state === 'active') ?? []
  if (active.length === 0) return null
  return (
    <>
      <h2 className={style.or}>{t('lost.title')}</h2>
      <p className={style.lead}>{t(only && active.length === 1 ? 'lost.only' : 'lost.text')}</p>
      <Card className={style.lost}>
        <ul>
          {active.map((device) => (
            <li key={device.id}>
              <span>
                <b>{device.name}</b>
                <br />
                <span className="t3 small">
                  <LastUsedInWords of={device} />
                </span>
              </span>
              <Button
                variant="default"
                aria-label={t('devices:actOf', { verb: t('devices:lost.verb'), name: device.name })}
                onClick={() => setAsked(device)}
              >
                {t('devices:lost.verb')}
              </Button>
            </li>
          ))}
        </ul>
      </Card>
      {asked && <LostDevice device={asked} onClose={() => setAsked(undefined)} />}
    </>
  )
}
