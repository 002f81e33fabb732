import { Button, Collapse, Radio, SegmentedControl, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { KindOfKey } from '@postern/contract'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Note } from '../../ui/Note.tsx'
import { useFocusOnArrival } from '../../ui/Page.tsx'
import { Card } from '../../ui/PublicShell.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { AppsTable } from './AppsTable.tsx'
import { apps, doubtful } from './apps.ts'
import style from './EnrolPage.module.css'
import type { Enrolling } from './enrol-flow.ts'
import { GetApp } from './Stores.tsx'

/** Step 1: which app, and what it ignores. Other settings only behind a warning with its reasons. */
export const ChooseApp = ({
  who,
  app,
  onApp,
  settings,
  onSettings,
  onContinue,
  busy,
  error,
  passkey,
  lost,
}: {
  who: Enrolling
  app: string
  onApp: (id: string) => void
  /** What the key will be made of: the deployment’s own kind, until another is chosen. */
  settings: KindOfKey
  onSettings: (settings: KindOfKey) => void
  onContinue: () => void
  busy: boolean
  error: unknown
  /** The better way, first. */
  passkey: ReactNode
  /** Devices that were lost, to be reported. */
  lost: ReactNode
}) => {
  const { t } = useTranslation(['enrol', 'common', 'sign-in'])
  const heading = useFocusOnArrival()
  const [opened, advanced] = useDisclosure(false)
  const chosen = apps.find(({ id }) => id === app) ?? apps[0]
  const ignored = chosen ? doubtful(chosen, settings) : []
  const lead = t('choose.lead', {
    digits: t(settings.digits === 8 ? 'scan.inWords.eight' : 'scan.inWords.six'),
    seconds: settings.periodSeconds,
  })
  const why = who.by === 'sign-in' ? 'demanded' : who.by === 'recovery' ? 'recovery' : who.session.renewal ? 'renewal' : undefined
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>
        {t(passkey ? 'choose.eitherTitle' : 'choose.title')}
      </h1>
      <p className={style.lead}>{passkey ? t('choose.eitherLead') : lead}</p>
      {why && passkey && (
        <div className={style.why}>
          <Note tone={why === 'recovery' ? 'warn' : 'idle'}>{t(`choose.${why}`)}</Note>
        </div>
      )}
      {passkey}
      {passkey && (
        <>
          <h2 className={style.or}>{t('choose.orApp')}</h2>
          <p className={style.lead}>{lead}</p>
        </>
      )}
      <Card className={style.padded}>
        <form
          onSubmit={(submit) => {
            submit.preventDefault()
            onContinue()
          }}
        >
          <Stack gap="lg">
            {why && !passkey && <Note tone={why === 'recovery' ? 'warn' : 'idle'}>{t(`choose.${why}`)}</Note>}
            <Radio.Group label={t('choose.apps')} value={app} onChange={onApp}>
              <div className={style.apps}>
                {apps.map(({ id, name, platforms }) => (
                  <Radio.Card key={id} value={id} className={style.app}>
                    <Radio.Indicator />
                    <span>
                      <b>{name || t('choose.other')}</b>
                      <br />
                      <span className="t3 small">{platforms || t('choose.otherPlatforms')}</span>
                    </span>
                    <span className={style.ignores}>{t(`choose.ignores.${id}` as 'choose.ignores.google')}</span>
                  </Radio.Card>
                ))}
              </div>
            </Radio.Group>
            {chosen && <GetApp app={chosen} />}
            <div>
              <Button
                variant="subtle"
                color="gray"
                size="sm"
                onClick={advanced.toggle}
                aria-expanded={opened}
                className={style.more}
              >
                {t('advanced.open')}
              </Button>
              <Collapse expanded={opened}>
                <Stack gap="md" pt="sm">
                  <Note tone="warn" title={t('advanced.warning')}>
                    {t('advanced.why')}
                  </Note>
                  <AppsTable />
                  <div className={style.settings}>
                    <Choice
                      label={t('common:key.algorithm')}
                      value={settings.algorithm}
                      data={[
                        { value: 'SHA1', label: 'SHA-1' },
                        { value: 'SHA256', label: 'SHA-256' },
                        { value: 'SHA512', label: 'SHA-512' },
                      ]}
                      onChange={(algorithm) => onSettings({ ...settings, algorithm: algorithm as 'SHA1' })}
                    />
                    <Choice
                      label={t('common:key.digits')}
                      value={String(settings.digits)}
                      data={['6', '8'].map((value) => ({ value, label: value }))}
                      onChange={(digits) => onSettings({ ...settings, digits: Number(digits) as 6 })}
                    />
                    <Choice
                      label={t('common:key.period')}
                      value={String(settings.periodSeconds)}
                      data={['15', '30', '60'].map((value) => ({ value, label: `${value} s` }))}
                      onChange={(period) => onSettings({ ...settings, periodSeconds: Number(period) as 30 })}
                    />
                  </div>
                </Stack>
              </Collapse>
            </div>
            {ignored.length > 0 && (
              <Note tone="warn">
                {t('appIgnores', { setting: ignored.map((setting) => t(`settings.${setting}`)).join(', ') })}
              </Note>
            )}
            {error ? <Refused error={error} /> : null}
            <Button type="submit" size="md" variant={passkey ? 'default' : 'filled'} loading={busy} className={style.go}>
              {t('common:continue')}
            </Button>
          </Stack>
        </form>
      </Card>
      {lost}
    </>
  )
}

const Choice = ({
  label,
  value,
  data,
  onChange,
}: {
  label: string
  value: string
  data: { value: string; label: string }[]
  onChange: (value: string) => void
}) => (
  <fieldset className={style.choice}>
    <legend>{label}</legend>
    <SegmentedControl aria-label={label} value={value} data={data} onChange={onChange} />
  </fieldset>
)
