import { codeColumns, importCodes, listBulkJobs, listCodes } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Note } from '../../ui/Note.tsx'
import { Page } from '../../ui/Page.tsx'
import { ImportFile } from '../bulk/ImportFile.tsx'
import { useMay } from '../session.ts'

/** Link codes from a file. */
export default function ImportPage() {
  const { t } = useTranslation(['bulk', 'codes'])
  const crumb = <Link to="/codes">{t('codes:title')}</Link>
  if (!useMay('operator'))
    return (
      <Page title={t('import.title.codes')} crumb={crumb}>
        <Note tone="warn" title={t('import.not')}>
          {t('import.notText')}
        </Note>
      </Page>
    )
  return (
    <ImportFile what="codes" endpoint={importCodes} columns={codeColumns} crumb={crumb} refreshes={[listCodes, listBulkJobs]} />
  )
}
