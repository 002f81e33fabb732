import { Button, Select } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { confirmTotp } from '@postern/contract'
import { useEffect, useState } from 'react'
import { Trans, useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconDeviceMobile } from '../../ui/icons.ts'
import { KeyInFours } from '../../ui/KeyInFours.tsx'
import { Note } from '../../ui/Note.tsx'
import { useNow } from '../../ui/now.ts'
import { useFocusOnArrival } from '../../ui/Page.tsx'
import { PasscodeField } from '../../ui/PasscodeField.tsx'
import { Card } from '../../ui/PublicShell.tsx'
import { problemIn, Refused, useWait } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { SymbolPlate } from '../../ui/SymbolPlate.tsx'
import { CountDown } from '../../ui/TimeText.tsx'
import { useAction } from '../calls.ts'
import { usePasscodeWords } from '../passcode-words.ts'
import { apps, doubtful } from './apps.ts'
import style from './EnrolPage.module.css'
import type { Confirmed, PendingKey } from './enrol-flow.ts'

/** Step 2: the key as symbol, link and letters, and one passcode that proves it arrived. On the last digit it sends itself. */
export const ScanAndConfirm = ({
  pending,
  app,
  replaces,
  onApp,
  onNewKey,
  newKeyBusy,
  newKeyError,
  onConfirmed,
  onOver,
}: {
  pending: PendingKey
  app: string
  /** The key before this one works until then. */
  replaces: boolean
  onApp: (id: string) => void
  onNewKey: () => void
  newKeyBusy: boolean
  newKeyError: unknown
  onConfirmed: (confirmed: Confirmed) => void
  /** The key has died: there is nothing of it to scan or keep any more. */
  onOver: () => void
}) => {
  const { t } = useTranslation('enrol')
  const heading = useFocusOnArrival()
  const narrow = useMediaQuery('(max-width: 600px)', undefined, { getInitialValueInEffect: false })
  const [code, setCode] = useState('')
  const { settings } = pending
  const confirm = useAction(confirmTotp, { staysHere: true, onDone: onConfirmed })
  const problem = problemIn(confirm.error)
  const told = useWait(problem, confirm.submittedAt)
  const wait = problem?.code === 'rate-limited' ? told : 0
  const words = usePasscodeWords(confirm.error, confirm.submittedAt, settings.periodSeconds)
  const expired = useNow() >= Date.parse(pending.expiresAt)
  const ended = !expired && (problem?.code === 'not-found' || problem?.code === 'conflict' || problem?.triesLeft === 0)
  const over = expired || ended
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, as it dies
  useEffect(() => {
    if (over) onOver()
  }, [over])
  const chosen = apps.find(({ id }) => id === app) ?? apps[0]
  const ignored = chosen ? doubtful(chosen, settings) : []
  const [first] = settings.label.split(':').slice(-1)
  // A key of another sort is another form.
  // biome-ignore lint/correctness/useExhaustiveDependencies: begins anew with each key
  useEffect(() => {
    setCode('')
    confirm.reset()
  }, [pending.id])
  const submit = (passcode: string) => {
    if (!confirm.isPending && wait === 0) confirm.mutate({ id: pending.id, code: passcode })
  }
  const openHere = (
    <Button
      component="a"
      href={pending.otpauthUrl}
      size={narrow ? 'lg' : 'sm'}
      variant={narrow ? 'filled' : 'default'}
      fullWidth={narrow}
    >
      {t('scan.openHere')}
    </Button>
  )
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>
        {t(over ? 'scan.titleOver' : narrow ? 'scan.titleNarrow' : 'scan.title')}
      </h1>
      {!over && (
        <p className={style.lead}>
          <Trans
            t={t}
            i18nKey="scan.lead"
            values={{
              name: first?.trim(),
              digits: t(settings.digits === 8 ? 'scan.inWords.eight' : 'scan.inWords.six'),
              seconds: settings.periodSeconds,
            }}
            components={{ 1: <span className="strong" /> }}
          />
          {replaces && <> {t('scan.replaces')}</>}
        </p>
      )}
      {over && (
        <Note
          tone="warn"
          title={expired ? t('scan.expired') : t('scan.ended')}
          action={
            <Button onClick={onNewKey} loading={newKeyBusy}>
              {t('scan.newKey')}
            </Button>
          }
        >
          {t('scan.deleteOld')}
          {newKeyError ? <Refused error={newKeyError} /> : null}
        </Note>
      )}
      {!over && (
        <Card className={style.scan}>
          {narrow && <div className={style.here}>{openHere}</div>}
          <section className={style.left} aria-label={t('scan.symbol')}>
            <SymbolPlate svg={pending.symbolSvg} alt={t('scan.alt')} />
            <p>{t('forYou')}</p>
          </section>
          <div className={style.right}>
            <section>
              <Select
                size="md"
                label={t('scan.yourApp')}
                value={app}
                allowDeselect={false}
                leftSection={<Icon of={IconDeviceMobile} />}
                data={apps.map(({ id, name }) => ({ value: id, label: name || t('choose.other') }))}
                onChange={(id) => id && onApp(id)}
              />
              <div className={style.reads}>
                {ignored.length === 0 ? (
                  <StateBadge look="success">{t('scan.readsAll')}</StateBadge>
                ) : (
                  <Note tone="warn">
                    {t('appIgnores', { setting: ignored.map((setting) => t(`settings.${setting}`)).join(', ') })}
                  </Note>
                )}
              </div>
            </section>
            <section>
              <div className={style.manual}>
                <h2>{t('manual')}</h2>
                {!narrow && <a href={pending.otpauthUrl}>{t('scan.openHere')}</a>}
              </div>
              <KeyInFours secret={pending.secret} settings={settings} />
            </section>
            <section>
              <form
                className={style.confirm}
                onSubmit={(event) => {
                  event.preventDefault()
                  submit(code)
                }}
              >
                <PasscodeField
                  label={t(settings.digits === 8 ? 'scan.eight' : 'scan.six')}
                  digits={settings.digits}
                  value={code}
                  onChange={setCode}
                  onComplete={submit}
                  error={words}
                />
                <Button
                  type="submit"
                  size="lg"
                  loading={confirm.isPending}
                  disabled={code.length < settings.digits || wait > 0}
                  className={style.button}
                >
                  {t('scan.confirm')}
                </Button>
              </form>
              <p className="small t3">
                {t('scan.dies')} <CountDown to={pending.expiresAt} ended={t('scan.expired')} />
              </p>
            </section>
          </div>
        </Card>
      )}
    </>
  )
}
