import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Empty } from './Empty.tsx'

/** A list whose filters leave nothing, and the way back to all of it. */
export const NothingMatches = ({ onClear }: { onClear: () => void }) => {
  const { t } = useTranslation()
  return (
    <Empty
      title={t('filter.nothing')}
      action={
        <Button variant="default" onClick={onClear}>
          {t('filter.clear')}
        </Button>
      }
    >
      {t('filter.nothingText')}
    </Empty>
  )
}
