import { Button, Group, Radio, Stack } from '@mantine/core'
import { endMyEnrolment, enrolAnotherPhone, getMyEnrolment, myDevices, myFactors, type Out } from '@postern/contract'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCopy } from '../../ui/copy.ts'
import { Icon } from '../../ui/Icon.tsx'
import { IconBan, IconCheck, IconCopy } from '../../ui/icons.ts'
import { Section } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { SymbolPlate } from '../../ui/SymbolPlate.tsx'
import { CountDown } from '../../ui/TimeText.tsx'
import { onSessionEnded, queryClient, useAction } from '../calls.ts'
import { isOver, isUnclaimed, Standing, useStanding } from '../enrol/Standing.tsx'
import style from './AccountPage.module.css'

type Code = Out<typeof enrolAnotherPhone>['code']
type Factor = 'device' | 'totp'

/**
 * A single-use code for another phone: it becomes a registered device, or takes the authenticator app over. The code's address
 * is in this answer alone, so it lives in this page and nowhere else.
 */
export const AnotherPhone = ({ app }: { app: boolean }) => {
  const { t } = useTranslation('account')
  const [factor, setFactor] = useState<Factor>('device')
  const [shown, setShown] = useState<{ code: Code; factor: Factor }>()
  const issue = useAction(enrolAnotherPhone, { onDone: ({ code }, input) => setShown({ code, factor: input.factor }) })
  const show = () => issue.mutate({ factor })
  return (
    <Section title={t('another')}>
      {issue.error && <Refused error={issue.error} />}
      {shown ? (
        <Shown key={shown.code.id} {...shown} onNew={show} busy={issue.isPending} onHide={() => setShown(undefined)} />
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
  onNew,
  busy,
  onHide,
}: {
  code: Code
  factor: Factor
  onNew: () => void
  busy: boolean
  onHide: () => void
}) => {
  const { t } = useTranslation(['account', 'enrol', 'common'])
  const { state: copied, copy } = useCopy()
  // Both stand in the first answer alone; a repeat after ten minutes has neither, and the code has ended by then.
  const { url = '', symbolSvg } = code
  const now = useStanding(getMyEnrolment, code)
  const { state } = now
  const end = useAction(endMyEnrolment, { refreshes: getMyEnrolment })
  useEffect(() => {
    const paths: unknown[] = [myDevices.path, myFactors.path]
    if (state === 'confirmed') void queryClient.invalidateQueries({ predicate: ({ queryKey }) => paths.includes(queryKey[0]) })
  }, [state])
  // The confirmation of an app on the other phone ends every session, this one too: the sign-in page then says so.
  useEffect(() => {
    if (factor !== 'totp') return
    onSessionEnded.expected = 'another-phone'
    return () => {
      onSessionEnded.expected = undefined
    }
  }, [factor])
  const unclaimed = isUnclaimed(state)
  const drawn = unclaimed ? symbolSvg : undefined
  return (
    <div className={style.code} data-alone={drawn ? undefined : ''}>
      {drawn && <SymbolPlate svg={drawn} alt={t('anotherAlt')} />}
      <div className={style.side}>
        {unclaimed && (
          <>
            <h3>{t('anotherScan')}</h3>
            <div>
              <p className="small t2">{t('anotherLink')}</p>
              <p className={style.address}>{url}</p>
            </div>
            <Button
              variant="default"
              leftSection={<Icon of={copied === 'copied' ? IconCheck : IconCopy} />}
              onClick={() => copy(url)}
            >
              {t('anotherCopy')}
            </Button>
          </>
        )}
        <Standing now={now} />
        {state === 'confirmed' && <p>{t(factor === 'device' ? 'anotherDeviceDone' : 'anotherDone')}</p>}
        {unclaimed && (
          <p className="t2">
            {t('anotherEnds')} <CountDown to={code.expiresAt} ended={t('enrol:standing.state.expired')} />
          </p>
        )}
        {end.error && <Refused error={end.error} />}
        <Group gap="sm">
          {!isOver(state) && (
            <Button
              variant="default"
              className={style.danger}
              leftSection={<Icon of={IconBan} />}
              loading={end.isPending}
              onClick={() => end.mutate({ id: code.id })}
            >
              {t('enrol:standing.end')}
            </Button>
          )}
          {isOver(state) && state !== 'confirmed' && (
            <Button loading={busy} onClick={onNew}>
              {t('anotherNew')}
            </Button>
          )}
          <Button variant="default" onClick={onHide}>
            {t(unclaimed ? 'hide' : 'common:close')}
          </Button>
        </Group>
      </div>
    </div>
  )
}
