import { importUsers, listBulkJobs, listUsers, userColumns } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Note } from '../../ui/Note.tsx'
import { Page } from '../../ui/Page.tsx'
import { ImportFile } from '../bulk/ImportFile.tsx'
import { useMay } from '../session.ts'

/** People from a file. */
export default function ImportPage() {
  const { t } = useTranslation(['bulk', 'users'])
  const crumb = <Link to="/users">{t('users:title')}</Link>
  if (!useMay('operator'))
    return (
      <Page title={t('import.title.users')} crumb={crumb}>
        <Note tone="warn" title={t('import.not')}>
          {t('import.notText')}
        </Note>
      </Page>
    )
  return (
    <ImportFile what="users" endpoint={importUsers} columns={userColumns} crumb={crumb} refreshes={[listUsers, listBulkJobs]} />
  )
}
