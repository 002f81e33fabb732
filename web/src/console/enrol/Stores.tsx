import { Button } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { type AuthenticatorApp, listAuthenticatorApps } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { SymbolPlate } from '../../ui/SymbolPlate.tsx'
import { useCall } from '../calls.ts'
import type { App } from './apps.ts'
import style from './EnrolPage.module.css'

/** Where each app is had. */
export const useAuthenticatorApps = () => useCall(listAuthenticatorApps, {}, { staysHere: true })

/** Each place where an app is had, with the devices that it is for. */
export const Stores = ({ app }: { app: AuthenticatorApp }) => {
  const { t } = useTranslation('enrol')
  return (
    <ul className={style.stores}>
      {(['ios', 'android', 'computers'] as const).map((kind) => {
        const address = app[kind]
        return (
          address && (
            <li key={kind}>
              <a href={address} rel="noreferrer" target="_blank">
                {t(`get.${kind}`)}
              </a>{' '}
              <span className="t3">{t(`get.for.${kind}`)}</span>
            </li>
          )
        )
      })}
    </ul>
  )
}

/** For who has not got the app yet: on a computer the symbol that leads a phone to its own store, on a phone the way there. */
export const GetApp = ({ app: { id, name } }: { app: App }) => {
  const { t } = useTranslation('enrol')
  const narrow = useMediaQuery('(max-width: 600px)', undefined, { getInitialValueInEffect: false })
  const app = useAuthenticatorApps().data?.items.find((each) => each.id === id)
  if (!app) return null
  const forPhones = app.ios !== null || app.android !== null
  if (narrow)
    return (
      <Button component="a" href={`/apps/${id}`} target="_blank" variant="default" className={style.go}>
        {t('get.title', { name })}
      </Button>
    )
  return (
    <section className={style.get} aria-label={t('get.title', { name })}>
      {forPhones && <SymbolPlate svg={app.symbolSvg} alt={t('get.alt', { name })} size={132} />}
      <div>
        <h3>{t(forPhones ? 'get.phone' : 'get.computer')}</h3>
        {forPhones && <p>{t('get.scan', { name })}</p>}
        <Stores app={app} />
      </div>
    </section>
  )
}
