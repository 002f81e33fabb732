import { Button } from '@mantine/core'
import { enrolAnotherPhone, myFactors, type Out } from '@postern/contract'
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

/** A single-use code for another phone. Its address is in this answer alone, so it lives in this page and nowhere else. */
export const AnotherPhone = () => {
  const { t } = useTranslation('account')
  const [shown, setShown] = useState<{ code: Code; keyBefore: string | undefined }>()
  const factors = useCall(myFactors, {})
  const issue = useAction(enrolAnotherPhone, {
    onDone: ({ code }) => setShown({ code, keyBefore: factors.data?.totp?.id }),
  })
  const show = () => issue.mutate({ factor: 'totp' })
  return (
    <Section title={t('another')}>
      <p className="t2">{t('anotherText')}</p>
      {issue.error && <Refused error={issue.error} />}
      {shown ? (
        <Shown
          code={shown.code}
          keyBefore={shown.keyBefore}
          onNew={show}
          busy={issue.isPending}
          onHide={() => setShown(undefined)}
        />
      ) : (
        <Button variant="default" mt="sm" loading={issue.isPending} onClick={show}>
          {t('anotherShow')}
        </Button>
      )}
    </Section>
  )
}

const Shown = ({
  code,
  keyBefore,
  onNew,
  busy,
  onHide,
}: {
  code: Code
  keyBefore: string | undefined
  onNew: () => void
  busy: boolean
  onHide: () => void
}) => {
  const { t } = useTranslation('account')
  const { state, copy } = useCopy()
  // Both stand in the first answer alone; a repeat after ten minutes has neither, and the code has ended by then.
  const { url = '', symbolSvg } = code
  // Asking about the code itself with its secret would look like a late opening; a new key says that it was used.
  const done = useCall(myFactors, {}, { everyMs: 3000 }).data?.totp?.id !== keyBefore
  // The confirmation on the other phone ends every session, this one too: the sign-in page then says so.
  useEffect(() => {
    onSessionEnded.expected = 'another-phone'
    return () => {
      onSessionEnded.expected = undefined
    }
  }, [])
  const ended = useNow() >= Date.parse(code.expiresAt)
  if (done)
    return (
      <Note
        tone="ok"
        title={t('anotherDone')}
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
