import { Link, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Loading } from '../../ui/Loading.tsx'
import { Note } from '../../ui/Note.tsx'
import { useTabTitle } from '../../ui/Page.tsx'
import { Card, PublicShell } from '../../ui/PublicShell.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { useIssuer } from '../deployment.ts'
import { apps } from './apps.ts'
import style from './EnrolPage.module.css'
import { Stores, useAuthenticatorApps } from './Stores.tsx'

/** Where an app is had, for who is sent to no store: computers, iPads that call themselves Macs, phones that it is not made for. */
export default function AppPage() {
  const { t } = useTranslation('enrol')
  const { id } = useParams({ strict: false })
  const places = useAuthenticatorApps()
  const name = apps.find((each) => each.id === id)?.name
  const app = places.data?.items.find((each) => each.id === id)
  const title = name ? t('get.title', { name }) : t('get.unknown')
  useTabTitle(title)
  return (
    <PublicShell name={useIssuer()} footer={<Link to="/apps">{t('advanced.table')}</Link>}>
      <h1>{title}</h1>
      <p className={style.lead}>{t(name ? 'get.lead' : 'get.unknownLead')}</p>
      {!name && (
        <Card className={style.padded}>
          <ul className={style.stores}>
            {apps.map(
              (each) =>
                each.settings && (
                  <li key={each.id}>
                    <a href={`/apps/${each.id}`}>{each.name}</a>
                  </li>
                ),
            )}
          </ul>
        </Card>
      )}
      {places.isPending && <Loading />}
      {places.error && <Refused error={places.error} onRetry={() => places.refetch()} />}
      {app && (
        <Card className={style.padded}>
          {!app.ios && !app.android && name && <Note tone="idle">{t('get.noPhone', { name })}</Note>}
          <Stores app={app} />
        </Card>
      )}
    </PublicShell>
  )
}
