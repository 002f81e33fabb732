import { Checkbox } from '@mantine/core'
import {
  type Code,
  countCodes,
  getCode,
  getEnrolment,
  getUser,
  listCodes,
  listCodeVersions,
  listEvents,
  listSessions,
  revokeCode,
} from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from '../../ui/ConfirmDialog.tsx'
import { useFocusBack } from '../../ui/focus-back.ts'
import { useAction } from '../calls.ts'
import { authenticates } from './words.ts'

/** Revoking holds at once and cannot be undone; of a used enrolment code it also ends what came of it, unless told not to. */
export const RevokeDialog = ({ code, onClose }: { code: Pick<Code, 'id' | 'kind' | 'state'>; onClose: () => void }) => {
  const { t } = useTranslation('codes')
  useFocusBack()
  const [results, setResults] = useState(true)
  const used = code.state === 'used'
  const revoke = useAction(revokeCode, {
    refreshes: [getCode, getEnrolment, listCodes, countCodes, listCodeVersions, listEvents, getUser, listSessions],
    onDone: onClose,
  })
  const text = authenticates(code.kind)
    ? used
      ? 'revokeUsedText'
      : 'revokeText'
    : code.kind === 'link'
      ? 'revokeLinkText'
      : 'revokeStaticText'
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t('revokeAsk')}
      verb={t('revoke')}
      reason="required"
      busy={revoke.isPending}
      error={revoke.error}
      onConfirm={(reason) => revoke.mutate({ id: code.id, reason, ...(used && results ? { also: ['results'] } : {}) })}
    >
      <p>{t(text)}</p>
      {used && (
        <Checkbox
          mt="sm"
          label={t('revokeResults')}
          description={t('revokeResultsText')}
          checked={results}
          onChange={(click) => setResults(click.currentTarget.checked)}
        />
      )}
    </ConfirmDialog>
  )
}
