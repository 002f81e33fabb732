import { Button, Radio, Stack } from '@mantine/core'
import { enrolAnotherPhone, myDevices, myFactors, type Out } from '@postern/contract'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCopy } from '../../ui/copy.ts'
import { Icon } from '../../ui/Icon.tsx'
import { IconCheck, IconCopy } from '../../ui/icons.ts'
import { Note } from '../../ui/Note.tsx'
import { useNow } from '../../ui/now.ts'
import { Section } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { SymbolPlate } from '../../ui/SymbolPlate.tsx'
import { CountDown } from '../../ui/TimeText.tsx'
import { onSessionEnded, useAction, useCall } from '../calls.ts'
import style from './AccountPage.module.css'

type Code = Out<typeof enrolAnotherPhone>['code']
type Factor = 'device' | 'totp'
/** The key and the devices there were before: another one says that the phone is done. */
type Before = { key: string | undefined; devices: readonly string[] }
const idsOf = (items: readonly { id: string }[] | undefined) => (items ?? []).map(({ id }) => id)

/**
 * A single-use code for another phone: it becomes a registered device, or takes the authenticator app over. The code's address
 * is in this answer alone, so it lives in this page and nowhere else.
 */
export const AnotherPhone = ({ app }: { app: boolean }) => {
  const { t } = useTranslation('account')
  const [factor, setFactor] = useState<Factor>('device')
  const [shown, setShown] = useState<{ code: Code; factor: Factor; before: Before }>()
  const factors = useCall(myFactors, {})
  const devices = useCall(myDevices, {})
  const issue = useAction(enrolAnotherPhone, {
    onDone: ({ code }, input) =>
      setShown({
        code,
        factor: input.factor,
        before: { key: factors.data?.totp?.id, devices: idsOf(devices.data?.items) },
      }),
  })
  const show = () => issue.mutate({ factor })
  return (
    <Section title={t('another')}>
      {issue.error && <Refused error={issue.error} />}
      {shown ? (
        <Shown {...shown} onNew={show} busy={issue.isPending} onHide={() => setShown(undefined)} />
      ) : (
        <>
          {app && (
            <Radio.Group label={t('anotherAs')} value={factor} onChange={(chosen) => setFactor(chosen as Factor)} mb="sm">
              <Stack gap={4} mt={4}>
                <Radio value="device" label={t('anotherDevice')} />
                <Radio value="totp" label={t('anotherApp')} />
              </Stack>
            </Radio.Group>
          )}
          <p className="t2">{t(factor === 'device' ? 'anotherDeviceText' : 'anotherText')}</p>
          <Button variant="default" mt="sm" loading={issue.isPending} onClick={show}>
            {t('anotherShow')}
          </Button>
        </>
      )}
    </Section>
  )
}

const Shown = ({
  code,
  factor,
  before,
  onNew,
  busy,
  onHide,
}: {
  code: Code
  factor: Factor
  before: Before
  onNew: () => void
  busy: boolean
  onHide: () => void
}) => {
  const { t } = useTranslation('account')
  const { state, copy } = useCopy()
  // Both stand in the first answer alone; a repeat after ten minutes has neither, and the code has ended by then.
  const { url = '', symbolSvg } = code
  // Asking about the code itself with its secret would look like a late opening; a new key or device says that it was used.
  const key = useCall(myFactors, {}, { everyMs: 3000 }).data?.totp?.id
  const devices = useCall(myDevices, {}, factor === 'device' ? { everyMs: 3000 } : {}).data?.items
  const done = factor === 'device' ? idsOf(devices).some((id) => !before.devices.includes(id)) : key !== before.key
  // The confirmation of an app on the other phone ends every session, this one too: the sign-in page then says so.
  useEffect(() => {
    if (factor !== 'totp') return
    onSessionEnded.expected = 'another-phone'
    return () => {
      onSessionEnded.expected = undefined
    }
  }, [factor])
  const ended = useNow() >= Date.parse(code.expiresAt)
  if (done)
    return (
      <Note
        tone="ok"
        title={t(factor === 'device' ? 'anotherDeviceDone' : 'anotherDone')}
        action={
          <Button variant="default" onClick={onHide}>
            {t('hide')}
          </Button>
        }
      />
    )
  if (ended)
    return (
      <Note
        title={t('anotherEnded')}
        action={
          <Button loading={busy} onClick={onNew}>
            {t('anotherNew')}
          </Button>
        }
      />
    )
  return (
    <div className={style.code}>
      {symbolSvg && <SymbolPlate svg={symbolSvg} alt={t('anotherAlt')} />}
      <div className={style.side}>
        <h3>{t('anotherScan')}</h3>
        <div>
          <p className="small t2">{t('anotherLink')}</p>
          <p className={style.address}>{url}</p>
        </div>
        <Button variant="default" leftSection={<Icon of={state === 'copied' ? IconCheck : IconCopy} />} onClick={() => copy(url)}>
          {t('anotherCopy')}
        </Button>
        <StateBadge look="waiting">{t('anotherWaiting')}</StateBadge>
        <p className="t2">
          {t('anotherEnds')} <CountDown to={code.expiresAt} ended={t('anotherEnded')} />
        </p>
        <Button variant="default" onClick={onHide}>
          {t('hide')}
        </Button>
      </div>
    </div>
  )
}
