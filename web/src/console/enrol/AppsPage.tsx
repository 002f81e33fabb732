import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useTabTitle } from '../../ui/Page.tsx'
import { Card, PublicShell } from '../../ui/PublicShell.tsx'
import { useIssuer } from '../deployment.ts'
import { AppsTable } from './AppsTable.tsx'
import style from './EnrolPage.module.css'

/** What the phone page links to where a key is not of the usual kind: open to all, for nobody is signed in there yet. */
export default function AppsPage() {
  const { t } = useTranslation(['enrol', 'check'])
  useTabTitle(t('advanced.table'))
  return (
    <PublicShell name={useIssuer()} wide footer={<Link to="/sign-in">{t('check:toSignIn')}</Link>}>
      <h1>{t('advanced.table')}</h1>
      <p className={style.lead}>{t('advanced.why')}</p>
      <Card className={style.padded}>
        <AppsTable />
      </Card>
    </PublicShell>
  )
}
