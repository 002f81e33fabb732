import { Button, Group, Stack } from '@mantine/core'
import { type enrolUser, getEnrolment, type Out } from '@postern/contract'
import { useBlocker } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCopy } from '../../ui/copy.ts'
import { inFours } from '../../ui/fours.ts'
import { Icon } from '../../ui/Icon.tsx'
import { IconBan, IconCheck, IconCopy, IconDownload } from '../../ui/icons.ts'
import { Note } from '../../ui/Note.tsx'
import { savePdf } from '../../ui/pdf.ts'
import { SymbolPlate } from '../../ui/SymbolPlate.tsx'
import { CountDown } from '../../ui/TimeText.tsx'
import { RevokeDialog } from '../codes/RevokeDialog.tsx'
import { isOver, isUnclaimed, Standing, useStanding } from '../enrol/Standing.tsx'
import style from './Users.module.css'

/** The code as it is handed over: symbol and address, shown in this one answer, and its state as it changes. */
export const HandOver = ({
  code,
  factor,
  since,
  user,
  leaving,
  onLeave,
  onStay,
  onSpent,
  onAnother,
  onClose,
}: {
  code: Out<typeof enrolUser>['code']
  factor: 'device' | 'totp'
  since: string
  user: { username: string }
  leaving: boolean
  onLeave: () => void
  onStay: () => void
  /** A phone has it or it is over: what happened is to be read elsewhere on the page too, and its address is of use to nobody. */
  onSpent: () => void
  onAnother?: () => void
  onClose: () => void
}) => {
  const { t } = useTranslation(['users', 'codes', 'enrol', 'common'])
  const [revoking, setRevoking] = useState(false)
  const now = useStanding(getEnrolment, code)
  const { state } = now
  const over = isOver(state)
  const spent = !isUnclaimed(state)
  const drawn = spent || code.activation ? undefined : code.symbolSvg
  // biome-ignore lint/correctness/useExhaustiveDependencies: told once a state
  useEffect(() => {
    if (spent) onSpent()
  }, [state])
  useBlocker({
    disabled: spent,
    enableBeforeUnload: true,
    shouldBlockFn: ({ current, next }) => {
      if (current.pathname === next.pathname) return false
      onLeave()
      return true
    },
  })
  if (leaving && !spent)
    return (
      <Stack gap="md">
        <p>{t(code.activation ? 'leaveLetter' : 'leaveText')}</p>
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
      <div className={style.code} data-alone={drawn ? undefined : ''}>
        {drawn && <SymbolPlate svg={drawn} alt={t('symbolAlt', { name: user.username })} />}
        <div className={style.side}>
          <Standing now={now} name={user.username} />
          {!spent &&
            (code.activation ? (
              <ByLetter activation={code.activation} pdf={code.letterPdf} name={user.username} />
            ) : (
              <Address url={code.url} />
            ))}
          {!spent && (
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
        {over && state !== 'confirmed' && onAnother && (
          <Button variant="default" onClick={onAnother}>
            {t('enrol:standing.another')}
          </Button>
        )}
        <Button onClick={onClose}>{t('done')}</Button>
      </Group>
      {revoking && (
        <RevokeDialog
          code={{ id: code.id, kind: `enrol-${factor}`, state: spent ? 'used' : 'live' }}
          onClose={() => setRevoking(false)}
        />
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
