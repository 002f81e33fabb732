import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Note } from '../../ui/Note.tsx'
import { problemIn, Refused } from '../../ui/Refused.tsx'
import { NoPasskey } from './passkey.ts'

/** Why a passkey did not sign in, and what to do: our code where it is offered, another way where not. */
export const PasskeyWords = ({ error, onCode }: { error: unknown; onCode: (() => void) | undefined }) => {
  const { t } = useTranslation('sign-in')
  if (error instanceof NoPasskey) {
    if (error.at === 'here')
      return (
        <Note tone="warn" title={t('noPasskeyHere')}>
          {t('noPasskeyHereText')}
        </Note>
      )
    if (!onCode)
      return (
        <Note tone="warn" title={t('noBluetoothOther')}>
          {t('noBluetoothOtherText')}
        </Note>
      )
    return (
      <Note
        tone="warn"
        title={t('noBluetooth')}
        action={
          <Button variant="default" onClick={onCode}>
            {t('code.again')}
          </Button>
        }
      >
        {t('noBluetoothText')}
      </Note>
    )
  }
  const problem = problemIn(error)
  if (problem?.code === 'factor-wrong')
    return (
      <Note tone="warn" title={t('passkeyWrong')}>
        {t('passkeyWrongText')}
      </Note>
    )
  if (problem?.reason === 'device-held')
    return (
      <Note tone="warn" title={t('passkeyNotAllowed')}>
        {t('passkeyNotAllowedText')}
      </Note>
    )
  return <Refused error={error} />
}
