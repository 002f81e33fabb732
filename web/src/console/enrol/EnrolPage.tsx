import { Button } from '@mantine/core'
import { type KindOfKey, startTotp } from '@postern/contract'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconCheck } from '../../ui/icons.ts'
import { Loading } from '../../ui/Loading.tsx'
import { localeOf } from '../../ui/locale.ts'
import { useFocusOnArrival, useTabTitle } from '../../ui/Page.tsx'
import { Card, PublicShell } from '../../ui/PublicShell.tsx'
import { usePreferences } from '../../ui/preferences.ts'
import { RecoveryCodes } from '../../ui/RecoveryCodes.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { minuteOf } from '../../ui/times.ts'
import { useAction } from '../calls.ts'
import { useDeployment, useIssuer } from '../deployment.ts'
import { localPath } from '../local-path.ts'
import { leave } from '../shell/sign-out.ts'
import { forgetSignIn } from '../sign-in/sign-in-flow.ts'
import { ChooseApp } from './ChooseApp.tsx'
import style from './EnrolPage.module.css'
import {
  type Confirmed,
  type Enrolling,
  forget,
  keep,
  keptFor,
  mustSayWhatIsGone,
  offersPasskey,
  type PendingKey,
  whoEnrols,
  whoever,
} from './enrol-flow.ts'
import { LostDevices } from './LostDevices.tsx'
import { PasskeyFirst } from './PasskeyFirst.tsx'
import { ScanAndConfirm } from './ScanAndConfirm.tsx'
import { Steps } from './Steps.tsx'
import { WhatIsGone } from './WhatIsGone.tsx'

/** The wizard. It appears by itself where policy demands a factor, and cannot be walked around: closing it leaves one signed out. */
export default function EnrolPage() {
  const issuer = useIssuer()
  const deployment = useDeployment()
  const navigate = useNavigate()
  const who = useQuery({
    queryKey: ['who-enrols'],
    queryFn: whoEnrols,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    meta: { staysHere: true },
  })
  useEffect(() => {
    if (who.data === null) void navigate({ to: '/sign-in', replace: true })
  }, [who.data, navigate])
  if (who.data && deployment.data) return <Wizard who={who.data} issuer={issuer} usual={deployment.data.totp} />
  const broken = who.error ? who : deployment.error ? deployment : undefined
  return (
    <PublicShell name={issuer} wide>
      {broken ? <Refused error={broken.error} onRetry={() => broken.refetch()} /> : <Loading />}
    </PublicShell>
  )
}

type Stage =
  | { at: 'gone' }
  | { at: 'choose' }
  | { at: 'scan'; key: PendingKey }
  | { at: 'codes'; codes: string[] }
  | { at: 'done'; made: Made }
/** What was set up: words differ. */
type Made = 'key' | 'passkey'

/** `usual`: the kind of key that is made here where nobody chooses another. */
const Wizard = ({ who, issuer, usual }: { who: Enrolling; issuer: string; usual: KindOfKey }) => {
  const { t, i18n } = useTranslation(['enrol', 'common', 'sign-in'])
  const { utc } = usePreferences()
  const search = useSearch({ strict: false }) as { returnTo?: string }
  const [stage, setStage] = useState<Stage>(() => {
    const kept = keptFor(who.id)
    if (!kept) return { at: mustSayWhatIsGone(who) ? 'gone' : 'choose' }
    return 'key' in kept ? { at: 'scan', key: kept.key } : { at: 'codes', codes: kept.recoveryCodes }
  })
  const [app, setApp] = useState(() => {
    const kept = keptFor(who.id)
    return kept && 'key' in kept ? kept.app : 'google'
  })
  const [settings, setSettings] = useState(usual)
  const [overKey, setOverKey] = useState<string>()
  useTabTitle(t(`steps.${stage.at === 'choose' || stage.at === 'gone' ? 1 : stage.at === 'scan' ? 2 : 3}`))
  const start = useAction(startTotp, {
    staysHere: true,
    onDone: (key) => {
      keep({ owner: who.id, app, key })
      setStage({ at: 'scan', key })
    },
  })
  const confirmed = ({ recoveryCodes }: Pick<Confirmed, 'recoveryCodes'>, made: Made) => {
    if (!recoveryCodes) {
      forget()
      setStage({ at: 'done', made })
      return
    }
    keep({ owner: whoever, recoveryCodes })
    setStage({ at: 'codes', codes: recoveryCodes })
  }
  const goOn = () => {
    forget()
    forgetSignIn()
    // A whole load: the session is new, and no key stays in memory.
    location.assign(localPath(search.returnTo) ?? '/')
  }
  const cancel = async () => {
    forget()
    if (who.by === 'session' && !who.session.renewal) location.assign(localPath(search.returnTo) ?? '/me')
    else if (who.by === 'sign-in') {
      forgetSignIn()
      location.assign('/sign-in')
    } else if (!(await leave())) toast(t('common:signOutFailed'))
  }
  const own = who.by === 'session' && !who.session.renewal
  const name =
    who.by === 'sign-in' ? (stage.at === 'scan' ? stage.key.settings.label : issuer) : `${who.session.user.username}, ${issuer}`
  return (
    <PublicShell
      name={issuer}
      wide
      middle={<Steps now={stage.at === 'choose' || stage.at === 'gone' ? 1 : stage.at === 'scan' ? 2 : 3} />}
      aside={
        stage.at === 'gone' || stage.at === 'choose' || stage.at === 'scan' ? (
          <Button variant="subtle" color="gray" size="sm" onClick={cancel} className={style.quiet}>
            {own ? t('common:cancel') : t('common:signOut')}
          </Button>
        ) : undefined
      }
      footer={
        stage.at === 'scan' && stage.key.id !== overKey
          ? t('scan.footer', { time: minuteOf(stage.key.expiresAt, { locale: localeOf(i18n.language), utc }) })
          : stage.at === 'choose' && who.by === 'sign-in'
            ? t('choose.footer')
            : undefined
      }
      footerEnd={t('sign-in:neverSent', { org: issuer })}
    >
      {stage.at === 'gone' && who.by === 'recovery' && (
        <WhatIsGone devices={who.devices} onAnswered={() => setStage({ at: 'choose' })} />
      )}
      {stage.at === 'choose' && (
        <ChooseApp
          who={who}
          app={app}
          onApp={setApp}
          settings={settings}
          onSettings={setSettings}
          passkey={offersPasskey(who) ? <PasskeyFirst onDone={(answer) => confirmed(answer, 'passkey')} /> : undefined}
          lost={who.by === 'recovery' ? <LostDevices only={who.devices.length === 1} /> : undefined}
          busy={start.isPending}
          error={start.error}
          onContinue={() => start.mutate(settings)}
        />
      )}
      {stage.at === 'scan' && (
        <ScanAndConfirm
          pending={stage.key}
          app={app}
          replaces={who.by === 'session'}
          onApp={(id) => {
            setApp(id)
            keep({ owner: who.id, app: id, key: stage.key })
          }}
          onNewKey={() => start.mutate(settings)}
          newKeyBusy={start.isPending}
          newKeyError={start.error}
          onConfirmed={(answer) => confirmed(answer, 'key')}
          onOver={() => setOverKey(stage.key.id)}
        />
      )}
      {stage.at === 'codes' && <Codes codes={stage.codes} owner={name} onSaved={goOn} />}
      {stage.at === 'done' && <Done made={stage.made} onContinue={goOn} />}
    </PublicShell>
  )
}

const Codes = ({ codes, owner, onSaved }: { codes: string[]; owner: string; onSaved: () => void }) => {
  const { t } = useTranslation(['enrol', 'common', 'sign-in'])
  const heading = useFocusOnArrival()
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>
        {t('codes.title')}
      </h1>
      <p className={style.lead}>{t('common:recovery.once')}</p>
      <Card className={style.padded}>
        <RecoveryCodes codes={codes} owner={owner} onSaved={onSaved} />
      </Card>
    </>
  )
}

const Done = ({ made, onContinue }: { made: Made; onContinue: () => void }) => {
  const { t } = useTranslation(['enrol', 'common', 'sign-in'])
  const heading = useFocusOnArrival()
  return (
    <Card className={style.done}>
      <span className={style.tick}>
        <Icon of={IconCheck} size={24} />
      </span>
      <h1 ref={heading} tabIndex={-1}>
        {t(made === 'passkey' ? 'done.passkeyTitle' : 'done.title')}
      </h1>
      <p>{t(made === 'passkey' ? 'done.passkeyText' : 'done.text')}</p>
      <Button size="lg" onClick={onContinue}>
        {t('common:continue')}
      </Button>
    </Card>
  )
}
