import { Button, Group, Stack } from '@mantine/core'
import { type CodeState, type enrolUser, getCode, listScans, type Out } from '@postern/contract'
import { useBlocker } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCopy } from '../../ui/copy.ts'
import { inFours } from '../../ui/fours.ts'
import { Icon } from '../../ui/Icon.tsx'
import { IconBan, IconCheck, IconCircleFilled, IconCopy, IconDownload } from '../../ui/icons.ts'
import { Note } from '../../ui/Note.tsx'
import { useNow } from '../../ui/now.ts'
import { savePdf } from '../../ui/pdf.ts'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { SymbolPlate } from '../../ui/SymbolPlate.tsx'
import { CountDown } from '../../ui/TimeText.tsx'
import { useCall } from '../calls.ts'
import { RevokeDialog } from '../codes/RevokeDialog.tsx'
import { codeLook } from '../codes/words.ts'
import style from './Users.module.css'

/** How often the screen asks how the code stands; by itself, so that it keeps no session alive. */
const everyMs = 2_000

/** The code as it is handed over: symbol and address, shown in this one answer, and its state as it changes. */
export const HandOver = ({
  code,
  factor,
  since,
  user,
  leaving,
  onLeave,
  onStay,
  onOver,
  onClose,
}: {
  code: Out<typeof enrolUser>['code']
  factor: 'device' | 'totp'
  since: string
  user: { username: string }
  leaving: boolean
  onLeave: () => void
  onStay: () => void
  onOver: () => void
  onClose: () => void
}) => {
  const { t } = useTranslation(['users', 'codes', 'common'])
  const [revoking, setRevoking] = useState(false)
  const ended = useNow() >= Date.parse(code.expiresAt)
  const { data: now } = useCall(getCode, { id: code.id }, { everyMs })
  // Previews and bots are no people: only a browser's opening counts as one.
  const scans = useCall(listScans, { id: code.id, limit: 20 }, { everyMs })
  const state: CodeState = now?.state === 'live' && ended ? 'expired' : (now?.state ?? 'live')
  const opened = scans.data?.items.some(({ bot }) => !bot) ?? false
  const over = state !== 'live' && state !== 'not-yet-valid'
  // biome-ignore lint/correctness/useExhaustiveDependencies: told once, when the code is over
  useEffect(() => {
    if (over) onOver()
  }, [over])
  useBlocker({
    disabled: over,
    enableBeforeUnload: true,
    shouldBlockFn: ({ current, next }) => {
      if (current.pathname === next.pathname) return false
      onLeave()
      return true
    },
  })
  if (leaving && !over)
    return (
      <Stack gap="md">
        <p>{t('leaveText')}</p>
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onStay} autoFocus>
            {t('leaveStay')}
          </Button>
          <Button onClick={onClose}>{t('leave')}</Button>
        </Group>
      </Stack>
    )
  return (
    <>
      <div className={style.code} data-over={over ? '' : undefined}>
        {!over && !code.activation && code.symbolSvg && (
          <SymbolPlate svg={code.symbolSvg} alt={t('symbolAlt', { name: user.username })} />
        )}
        <div className={style.side}>
          <div role="status">
            <StateBadge look={opened && !over ? 'more' : codeLook[state]} boxed>
              {opened && !over ? t('openedNow') : t(`codes:state.${state}`)}
            </StateBadge>
          </div>
          <Steps done={{ issued: true, opened: opened || state === 'used', used: state === 'used' }} />
          {over ? (
            <p>
              {state === 'used'
                ? t(factor === 'device' ? 'usedNowDevice' : 'usedNow', { name: user.username })
                : t(`codes:means.${state}`)}
            </p>
          ) : code.activation ? (
            <ByLetter activation={code.activation} pdf={code.letterPdf} name={user.username} />
          ) : (
            <Address url={code.url} />
          )}
          {!over && (
            <p className="t2">
              {t('ends.title')} <CountDown to={code.expiresAt} from={since} ended={t('codes:state.expired')} />
            </p>
          )}
        </div>
      </div>
      <Group justify="flex-end" gap="sm" mt="lg">
        {!over && (
          <Button
            variant="default"
            className={style.danger}
            leftSection={<Icon of={IconBan} />}
            onClick={() => setRevoking(true)}
          >
            {t('codes:revoke')}
          </Button>
        )}
        <Button onClick={onClose}>{t('done')}</Button>
      </Group>
      {revoking && (
        <RevokeDialog code={{ id: code.id, kind: now?.kind ?? `enrol-${factor}`, state }} onClose={() => setRevoking(false)} />
      )}
    </>
  )
}

/** The letter to print, and the number that goes another way; both are shown once. */
const ByLetter = ({ activation, pdf, name }: { activation: string; pdf: string | undefined; name: string }) => {
  const { t } = useTranslation(['users', 'common'])
  const { state, copy } = useCopy()
  return (
    <>
      <p className="t2">{t('letterOnce')}</p>
      <p className={style.activation}>
        <span className="t3">{t('activation')}</span>
        <b>{inFours(activation)}</b>
      </p>
      <Group gap="sm">
        {pdf && (
          <Button
            variant="default"
            leftSection={<Icon of={IconDownload} />}
            onClick={() => savePdf(pdf, `postern-${name}.pdf`)}
            // what had the focus before this was shown is gone
            autoFocus
          >
            {t('letterDownload')}
          </Button>
        )}
        <Button
          variant="default"
          leftSection={<Icon of={state === 'copied' ? IconCheck : IconCopy} />}
          onClick={() => copy(activation)}
        >
          {state === 'copied' ? t('common:copy.done') : t('copyActivation')}
        </Button>
      </Group>
    </>
  )
}

/** Its address: to copy, beside the symbol. A repeat of the call after ten minutes no longer has it. */
const Address = ({ url }: { url: string | undefined }) => {
  const { t } = useTranslation(['users', 'common'])
  const { state, copy } = useCopy()
  if (!url) return <Note tone="warn">{t('addressGone')}</Note>
  return (
    <>
      <p className="t2">{t('shownOnce')}</p>
      <p className={style.address}>{url}</p>
      <Button
        variant="default"
        leftSection={<Icon of={state === 'copied' ? IconCheck : IconCopy} />}
        onClick={() => copy(url)}
        // what had the focus before this was shown is gone
        autoFocus
      >
        {state === 'copied' ? t('common:copy.done') : t('copyAddress')}
      </Button>
      <span role="status" className={state === 'failed' ? 'small t2' : 'sr-only'}>
        {state === 'copied' ? t('common:copy.done') : state === 'failed' ? t('common:copy.failed') : ''}
      </span>
    </>
  )
}

const Steps = ({ done }: { done: Record<'issued' | 'opened' | 'used', boolean> }) => {
  const { t } = useTranslation('users')
  return (
    <ol className={style.steps}>
      {(['issued', 'opened', 'used'] as const).map((step) => (
        <li key={step} data-done={done[step] ? '' : undefined}>
          <Icon of={done[step] ? IconCheck : IconCircleFilled} size={done[step] ? 14 : 6} />
          {t(`step.${step}`)}
          {!done[step] && <span className="sr-only">{t('step.notYet')}</span>}
        </li>
      ))}
    </ol>
  )
}
