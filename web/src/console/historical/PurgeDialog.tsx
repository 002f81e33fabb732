import { Button, Checkbox, Group, Modal, Select, Stack, Textarea, TextInput } from '@mantine/core'
import { countHistorical, getCode, listCodes, listEvents, listHistorical, purgeHistorical } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { withoutTyping } from '../../ui/ConfirmDialog.tsx'
import { useFocusBack } from '../../ui/focus-back.ts'
import { Note } from '../../ui/Note.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction } from '../calls.ts'
import { ages } from './words.ts'

/** Ends what waits: first how many, then the deed with its reason. */
export const PurgeDialog = ({ onClose }: { onClose: () => void }) => {
  const { t } = useTranslation(['historical', 'common'])
  useFocusBack()
  const [kinds, setKinds] = useState<('codes' | 'keys')[]>(['codes', 'keys'])
  const [olderThanMinutes, setAge] = useState(0)
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const count = useAction(purgeHistorical)
  const purge = useAction(purgeHistorical, {
    refreshes: [listHistorical, countHistorical, listCodes, getCode, listEvents],
    onDone: ({ codes, keys, left, kept }) => {
      toast(t('purge.done', { count: codes + keys }))
      if (left > 0 || kept > 0) count.mutate({ kinds, olderThanMinutes, dryRun: true })
      else onClose()
    },
  })
  const counted = count.data
  const found = counted ? counted.codes + counted.keys : 0
  const ready = found > 0 && reason.trim() !== '' && (found <= withoutTyping || typed.trim() === String(found))
  const change = (act: () => void) => {
    act()
    setTyped('')
    count.reset()
    purge.reset()
  }
  const error = purge.error ?? count.error
  return (
    <Modal opened onClose={onClose} title={t('purge.title')} closeButtonProps={{ 'aria-label': t('common:close') }}>
      <form
        onSubmit={(submit) => {
          submit.preventDefault()
          if (!counted) count.mutate({ kinds, olderThanMinutes, dryRun: true })
          else if (ready) purge.mutate({ kinds, olderThanMinutes, reason: reason.trim() })
        }}
      >
        <Stack gap="md">
          <p className="t2">{t('purge.text')}</p>
          <Stack gap="xs">
            {(['codes', 'keys'] as const).map((kind) => (
              <Checkbox
                key={kind}
                label={t(`purge.${kind}`)}
                description={t(`purge.${kind}Text`)}
                checked={kinds.includes(kind)}
                onChange={({ currentTarget: { checked } }) =>
                  change(() => setKinds(checked ? [...kinds, kind] : kinds.filter((each) => each !== kind)))
                }
              />
            ))}
          </Stack>
          <Select
            label={t('older')}
            allowDeselect={false}
            value={String(olderThanMinutes)}
            data={[
              { value: '0', label: t('age.0') },
              ...ages.slice(0, 3).map((age) => ({ value: String(age), label: t(`age.${age}`) })),
            ]}
            onChange={(value) => change(() => setAge(Number(value)))}
          />
          {counted && (
            <Note tone={found > 0 ? 'warn' : 'idle'} title={t('purge.found', { count: found })}>
              {found > 0 && <div>{t('purge.which', { codes: String(counted.codes), keys: String(counted.keys) })}</div>}
              {counted.left > 0 && <div>{t('purge.left', { count: counted.left })}</div>}
              {counted.kept > 0 && <div>{t('purge.kept', { count: counted.kept })}</div>}
            </Note>
          )}
          {found > 0 && (
            <Textarea
              label={t('common:confirm.reason')}
              description={t('common:confirm.reasonWhy')}
              required
              maxLength={500}
              rows={2}
              value={reason}
              onChange={(typing) => setReason(typing.currentTarget.value)}
            />
          )}
          {found > withoutTyping && (
            <TextInput
              label={t('common:confirm.type', { text: String(found) })}
              autoComplete="off"
              value={typed}
              onChange={(typing) => setTyped(typing.currentTarget.value)}
            />
          )}
          {error ? <Refused error={error} /> : null}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose} data-autofocus>
              {t(counted && found === 0 ? 'common:close' : 'common:cancel')}
            </Button>
            {!counted ? (
              <Button type="submit" loading={count.isPending} disabled={kinds.length === 0}>
                {t('purge.count')}
              </Button>
            ) : (
              found > 0 && (
                <Button type="submit" data-danger loading={purge.isPending} disabled={!ready}>
                  {t('purge.do', { count: found })}
                </Button>
              )
            )}
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
