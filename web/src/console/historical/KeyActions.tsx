import { Button, Group } from '@mantine/core'
import type { User } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ImportDialog } from './ImportDialog.tsx'
import { ReEnrolDialog } from './ReEnrolDialog.tsx'

/** What can be done with a person's key from their page: have it renewed from a day, or bring one from elsewhere. */
export const KeyActions = ({ user }: { user: User }) => {
  const { t } = useTranslation('historical')
  const [asked, setAsked] = useState<'reEnrol' | 'import'>()
  const close = () => setAsked(undefined)
  return (
    <Group gap="sm">
      {user.totpKey && (
        <Button variant="default" size="xs" onClick={() => setAsked('reEnrol')}>
          {t('reEnrol.one')}
        </Button>
      )}
      <Button variant="default" size="xs" onClick={() => setAsked('import')}>
        {t('import.one')}
      </Button>
      {asked === 'reEnrol' && <ReEnrolDialog whom={{ people: [user] }} onClose={close} />}
      {asked === 'import' && <ImportDialog user={user} onClose={close} />}
    </Group>
  )
}
