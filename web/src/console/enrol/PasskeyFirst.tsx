import { Button } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import type { addPasskey, Out } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { AssuranceBadge } from '../../ui/AssuranceBadge.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { IconFingerprint } from '../../ui/icons.ts'
import { Card } from '../../ui/PublicShell.tsx'
import { NotAdded, useAddPasskey } from '../account/AddPasskey.tsx'
import { assuredBy } from '../sign-in/assured-by.ts'
import style from './EnrolPage.module.css'

/** The better way, first: a passkey of this very computer or phone. One press and the browser’s own question. */
export const PasskeyFirst = ({ onDone }: { onDone: (added: Out<typeof addPasskey>) => void }) => {
  const { t } = useTranslation('enrol')
  const narrow = useMediaQuery('(max-width: 600px)', undefined, { getInitialValueInEffect: false })
  const add = useAddPasskey(onDone, { staysHere: true })
  return (
    <Card className={style.passkey}>
      <h2>{t(narrow ? 'passkey.titlePhone' : 'passkey.title')}</h2>
      <AssuranceBadge {...assuredBy.passkey([])} />
      <p>{t('passkey.text')}</p>
      {add.error ? <NotAdded error={add.error} /> : null}
      <Button size="md" leftSection={<Icon of={IconFingerprint} />} loading={add.isPending} onClick={() => add.mutate()}>
        {t('passkey.make')}
      </Button>
    </Card>
  )
}
