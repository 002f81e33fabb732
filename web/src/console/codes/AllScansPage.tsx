import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Page } from '../../ui/Page.tsx'
import { ScanCounts } from './ScanCounts.tsx'

/** Openings of all codes together; those of one, and single ones, stand on its own page. */
export default function AllScansPage() {
  const { t } = useTranslation(['scans', 'codes'])
  return (
    <Page title={t('title')} crumb={<Link to="/codes">{t('codes:title')}</Link>} below={t('ofAllText')}>
      <ScanCounts />
    </Page>
  )
}
