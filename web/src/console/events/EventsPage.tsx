import { useTranslation } from 'react-i18next'
import { Empty } from '../../ui/Empty.tsx'
import { Page } from '../../ui/Page.tsx'

export default function EventsPage() {
  const { t } = useTranslation('events')
  return (
    <Page title={t('title')}>
      <Empty title={t('title')} />
    </Page>
  )
}
