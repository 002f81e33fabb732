import { Button } from '@mantine/core'
import { type Factors, myFactors, type Out, removeTotp, renewRecoveryCodes } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AssuranceBadge } from '../../ui/AssuranceBadge.tsx'
import { ConfirmDialog } from '../../ui/ConfirmDialog.tsx'
import { DensityChoice, LanguageChoice, SchemeChoice, ZoneChoice } from '../../ui/Controls.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { IconDeviceMobile, IconLifebuoy, IconLock } from '../../ui/icons.ts'
import { Loading } from '../../ui/Loading.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { savePdf } from '../../ui/pdf.ts'
import { RecoveryCodes } from '../../ui/RecoveryCodes.tsx'
import { problemIn, Refused } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction, useCall } from '../calls.ts'
import { useIssuer } from '../deployment.ts'
import { useSession } from '../session.ts'
import style from './AccountPage.module.css'
import { AnotherPhone } from './AnotherPhone.tsx'
import { ChangePassword } from './ChangePassword.tsx'
import { MyDevices } from './MyDevices.tsx'

/** One's own ways in, and how things look in this browser. */
export default function AccountPage() {
  const { t } = useTranslation(['account', 'devices', 'common'])
  const session = useSession()
  const issuer = useIssuer()
  const factors = useCall(myFactors, {})
  const [codes, setCodes] = useState<Made>()
  const [firstCodes, setFirstCodes] = useState<string[]>()
  const { user, assurance } = session
  if (codes)
    return (
      <Page title={t('newSet')} below={t('newSetText')}>
        <Section title={t('common:recovery.once')}>
          <RecoveryCodes
            codes={codes.recoveryCodes}
            owner={`${user.username}, ${issuer}`}
            onSaved={() => setCodes(undefined)}
            {...(codes.letterPdf ? { onLetter: () => savePdf(codes.letterPdf as string, 'postern-recovery-codes.pdf') } : {})}
          />
        </Section>
      </Page>
    )
  if (firstCodes)
    return (
      <Page title={t('devices:mine.codesTitle')} below={t('common:recovery.once')}>
        <RecoveryCodes codes={firstCodes} owner={`${user.username}, ${issuer}`} onSaved={() => setFirstCodes(undefined)} />
      </Page>
    )
  return (
    <Page
      title={t('title')}
      below={
        <>
          <span className="strong">{user.displayName || user.username}</span>
          {user.displayName && user.displayName !== user.username && <span>{user.username}</span>}
          <span>{user.roles.map((role) => t(`common:role.${role}`)).join(', ')}</span>
          <AssuranceBadge acr={assurance.acr} amr={assurance.amr} />
        </>
      }
    >
      <Section title={t('waysIn')}>
        {factors.data ? (
          <WaysIn factors={factors.data} onNewCodes={setCodes} />
        ) : factors.isError ? (
          <Refused error={factors.error} onRetry={() => factors.refetch()} />
        ) : (
          <Loading />
        )}
      </Section>
      <MyDevices onCodes={setFirstCodes} />
      {factors.data?.enrolment && factors.data.password && <AnotherPhone app={factors.data.totp !== null} />}
      <Section title={t('looks')} aside={<span className="small t3">{t('looksText')}</span>}>
        <div className={style.looks}>
          <SchemeChoice />
          <LanguageChoice />
          <DensityChoice />
          <ZoneChoice />
        </div>
      </Section>
    </Page>
  )
}

type Made = Out<typeof renewRecoveryCodes>
const WaysIn = ({ factors, onNewCodes }: { factors: Factors; onNewCodes: (made: Made) => void }) => {
  const { t, i18n } = useTranslation(['account', 'common'])
  const { password, totp, devices, recoveryCodes, enrolment } = factors
  const [asked, setAsked] = useState<'password' | 'totp' | 'codes'>()
  const close = () => setAsked(undefined)
  const remove = useAction(removeTotp, {
    refreshes: myFactors,
    onDone: () => {
      close()
      toast(t('removed'))
    },
  })
  const renew = useAction(renewRecoveryCodes, {
    refreshes: myFactors,
    onDone: (made: Made) => {
      close()
      onNewCodes(made)
    },
  })
  const removeProblem = problemIn(remove.error)?.reason === 'last-factor' ? t('lastDemanded') : undefined
  const due = totp?.renewBy && Date.parse(totp.renewBy) <= Date.now()
  return (
    <ul className={style.ways}>
      <Way
        icon={<Icon of={IconLock} size={20} />}
        name={t('password')}
        facts={
          password ? (
            <span>
              {t('changed')} <TimeText at={password.changedAt} as="moment" />
            </span>
          ) : (
            t('passwordNone')
          )
        }
      >
        {password && (
          <Button variant="default" aria-label={`${t('change')}: ${t('password')}`} onClick={() => setAsked('password')}>
            {t('change')}
          </Button>
        )}
      </Way>
      <Way
        icon={<Icon of={IconDeviceMobile} size={20} />}
        name={t('totp')}
        facts={
          totp ? (
            <>
              <span>
                {t('since')} <TimeText at={totp.createdAt} as="moment" />
              </span>
              <span>
                {t('lastUsed')} {totp.lastUsedAt ? <TimeText at={totp.lastUsedAt} as="moment" /> : t('never')}
              </span>
              {totp.origin === 'imported' && <span>{t('imported')}</span>}
              {totp.renewBy &&
                (due ? (
                  <StateBadge look="caution">{t('renewDue')}</StateBadge>
                ) : (
                  <span>
                    {t('renewBy')} <TimeText at={totp.renewBy} as="moment" />
                  </span>
                ))}
            </>
          ) : enrolment ? (
            t('totpNone')
          ) : (
            t('totpOff')
          )
        }
      >
        {enrolment && (
          <Button component={Link} to="/enrol" variant="default" aria-label={`${t(totp ? 'replace' : 'setUp')}: ${t('totp')}`}>
            {t(totp ? 'replace' : 'setUp')}
          </Button>
        )}
        {totp && (
          <Button variant="default" aria-label={`${t('remove')}: ${t('totp')}`} onClick={() => setAsked('totp')}>
            {t('remove')}
          </Button>
        )}
      </Way>
      <Way
        icon={<Icon of={IconLifebuoy} size={20} />}
        name={t('recovery')}
        facts={
          recoveryCodes.total === 0 ? (
            t('recoveryNone')
          ) : (
            <>
              {recoveryCodes.left <= 3 ? (
                <StateBadge look="caution">{t('common:recovery.left', { count: recoveryCodes.left })}</StateBadge>
              ) : (
                <span>{t('common:recovery.left', { count: recoveryCodes.left })}</span>
              )}
              {recoveryCodes.createdAt && (
                <span>
                  {t('made')} <TimeText at={recoveryCodes.createdAt} as="moment" />
                </span>
              )}
              {recoveryCodes.left <= 3 && <span className={style.low}>{t('recoveryLow')}</span>}
            </>
          )
        }
      >
        {(totp || devices > 0) && (
          <Button variant="default" onClick={() => setAsked('codes')}>
            {t('makeNew')}
          </Button>
        )}
      </Way>
      <ChangePassword opened={asked === 'password'} onClose={close} />
      <ConfirmDialog
        opened={asked === 'totp'}
        onClose={() => {
          remove.reset()
          close()
        }}
        title={t('removeTotp')}
        verb={t('remove')}
        busy={remove.isPending}
        error={removeProblem ? undefined : remove.error}
        onConfirm={() => remove.mutate({})}
      >
        {removeProblem ? (
          <StateBadge look="denied">{removeProblem}</StateBadge>
        ) : (
          t(devices > 0 ? 'removeTotpDevices' : 'removeTotpText')
        )}
      </ConfirmDialog>
      <ConfirmDialog
        opened={asked === 'codes'}
        onClose={close}
        title={t('makeNewAsk')}
        verb={t('makeNew')}
        busy={renew.isPending}
        error={renew.error}
        onConfirm={() => renew.mutate({ letter: true, language: i18n.language === 'pl' ? 'pl' : 'en' })}
      >
        {t('makeNewText')}
      </ConfirmDialog>
    </ul>
  )
}

const Way = ({ icon, name, facts, children }: { icon: ReactNode; name: string; facts: ReactNode; children: ReactNode }) => (
  <li className={style.way}>
    {icon}
    <div className={style.what}>
      <h3>{name}</h3>
      <div className={style.facts}>{facts}</div>
    </div>
    <div className={style.acts}>{children}</div>
  </li>
)
