import { Button } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { addPasskey, currentSession, type Out, passkeyOptions } from '@postern/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconFingerprint } from '../../ui/icons.ts'
import { Note } from '../../ui/Note.tsx'
import { problemIn, Refused } from '../../ui/Refused.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction } from '../calls.ts'
import { hasPasskeys, makePasskey, NoPasskey } from '../sign-in/passkey.ts'
import { whileReplaced } from '../step-up/step-up.ts'
import { ofDevices } from './own-devices.ts'

/**
 * Options, the browser's own question, and the registration, as one deed. Where fresh authentication is missing it is asked for
 * before the browser's question. The registration gives this browser a new session.
 */
export const useAddPasskey = (onDone: (added: Out<typeof addPasskey>) => void, { staysHere = false } = {}) => {
  const client = useQueryClient()
  const options = useAction(passkeyOptions, { staysHere })
  const add = useAction(addPasskey, { staysHere })
  return useMutation<Out<typeof addPasskey>, unknown, void>({
    mutationFn: () =>
      whileReplaced(async () => add.mutateAsync({ registration: await makePasskey(await options.mutateAsync({})) })),
    onSuccess: async (added) => {
      const paths: unknown[] = [currentSession, ...ofDevices].map(({ path }) => path)
      await client.invalidateQueries({ predicate: ({ queryKey }) => paths.includes(queryKey[0]) })
      onDone(added)
    },
    meta: { staysHere: true },
  })
}

/** A passkey of this very computer, or of a security key in it. */
export const AddPasskey = ({ first, onCodes }: { first: boolean; onCodes: (codes: string[]) => void }) => {
  const { t } = useTranslation('devices')
  const narrow = useMediaQuery('(max-width: 600px)', undefined, { getInitialValueInEffect: false })
  const add = useAddPasskey(({ recoveryCodes }) => {
    if (recoveryCodes) onCodes(recoveryCodes)
    else toast(t('mine.added'))
  })
  if (!hasPasskeys()) return <p className="t2 small">{t('mine.noPasskeys')}</p>
  return (
    <>
      {add.error ? <NotAdded error={add.error} /> : null}
      <Button
        mt="sm"
        variant={first ? 'filled' : 'default'}
        leftSection={<Icon of={IconFingerprint} />}
        loading={add.isPending}
        onClick={() => add.mutate()}
      >
        {t(narrow ? 'mine.addPhone' : 'mine.add')}
      </Button>
    </>
  )
}

/** Why no passkey was registered. */
export const NotAdded = ({ error }: { error: unknown }) => {
  const { t } = useTranslation('devices')
  if (error instanceof NoPasskey)
    return (
      <Note tone="warn" title={t(error.known ? 'mine.known' : 'mine.notMade')}>
        {t(error.known ? 'mine.knownText' : 'mine.notMadeText')}
      </Note>
    )
  const problem = problemIn(error)
  switch (problem?.reason) {
    case 'device-held':
    case 'model':
    case 'model-unproven':
      return (
        <Note tone="warn" title={t('mine.notTaken')}>
          {t(`mine.why.${problem.reason}`)}
        </Note>
      )
    case 'devices-full':
      return <Note tone="warn" title={t('mine.tooMany')} />
    case 'known-passkey':
      return (
        <Note tone="warn" title={t('mine.known')}>
          {t('mine.knownText')}
        </Note>
      )
  }
  if (problem?.code === 'not-allowed')
    return (
      <Note tone="warn" title={t('mine.notTaken')}>
        {t('mine.notTakenText')}
      </Note>
    )
  return <Refused error={error} />
}
