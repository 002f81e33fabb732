import { Button, Checkbox, Stack } from '@mantine/core'
import { type Device, reportMyDeviceLost } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFocusOnArrival } from '../../ui/Page.tsx'
import { Card } from '../../ui/PublicShell.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { ofDevices } from '../account/own-devices.ts'
import { useAction } from '../calls.ts'
import { LastUsedInWords } from '../devices/parts.tsx'
import style from './EnrolPage.module.css'

/** Who came in with a recovery code and has more devices than one says which are gone, before anything else. None is an answer. */
export const WhatIsGone = ({ devices, onAnswered }: { devices: readonly Device[]; onAnswered: () => void }) => {
  const { t } = useTranslation(['enrol', 'devices', 'common'])
  const heading = useFocusOnArrival()
  const [gone, setGone] = useState<readonly string[]>([])
  const [none, setNone] = useState(false)
  const report = useAction(reportMyDeviceLost, { staysHere: true, refreshes: ofDevices })
  const answer = async () => {
    for (const id of gone) {
      await report.mutateAsync({ id })
      setGone((left) => left.filter((each) => each !== id))
    }
    onAnswered()
  }
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>
        {t('gone.title')}
      </h1>
      <p className={style.lead}>{t('gone.lead')}</p>
      <Card className={style.padded}>
        <form
          onSubmit={(submit) => {
            submit.preventDefault()
            // what was refused is said by `report.error`
            void answer().catch(() => undefined)
          }}
        >
          <Stack gap="md">
            {devices.map((device) => (
              <Checkbox
                key={device.id}
                size="md"
                className={style.gone}
                label={device.name}
                // several may have one name
                description={
                  <>
                    {t('devices:since')} <TimeText at={device.createdAt} as="moment" /> · <LastUsedInWords of={device} />
                  </>
                }
                checked={gone.includes(device.id)}
                onChange={({ currentTarget: { checked } }) => {
                  setNone(false)
                  setGone(checked ? [...gone, device.id] : gone.filter((id) => id !== device.id))
                }}
              />
            ))}
            <Checkbox
              size="md"
              className={style.gone}
              label={t('gone.none')}
              checked={none}
              onChange={({ currentTarget: { checked } }) => {
                setNone(checked)
                setGone([])
              }}
            />
            {report.error ? <Refused error={report.error} /> : null}
            <Button type="submit" size="md" loading={report.isPending} disabled={!none && gone.length === 0} className={style.go}>
              {t('common:continue')}
            </Button>
          </Stack>
        </form>
      </Card>
    </>
  )
}
