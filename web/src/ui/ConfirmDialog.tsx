import { Button, Group, Modal, Stack, Textarea, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Refused } from './Refused.tsx'

/** Where it reaches more than these, their number is typed first. */
export const withoutTyping = 10

/**
 * Before what cannot be taken back: says the count and the consequence; focus on Cancel; the button carries the verb.
 * `typed`: the count or name to be typed first, where it reaches many or a whole person. `reason`: asks why, for the record.
 */
export const ConfirmDialog = ({
  opened,
  onClose,
  title,
  children,
  verb,
  onConfirm,
  busy = false,
  error,
  typed,
  reason,
}: {
  opened: boolean
  onClose: () => void
  title: string
  children?: ReactNode
  verb: string
  onConfirm: (reason: string) => void
  busy?: boolean
  error?: unknown
  typed?: string
  reason?: 'required' | 'optional'
}) => {
  const { t } = useTranslation()
  const [said, setSaid] = useState('')
  const [why, setWhy] = useState('')
  const ready = (typed === undefined || said.trim() === typed) && (reason !== 'required' || why.trim() !== '')
  const close = () => {
    setSaid('')
    setWhy('')
    onClose()
  }
  return (
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        onSubmit={(submit) => {
          submit.preventDefault()
          if (ready) onConfirm(why.trim())
        }}
      >
        <Stack gap="md">
          {children && <div>{children}</div>}
          {reason && (
            <Textarea
              label={t('confirm.reason')}
              description={t('confirm.reasonWhy')}
              required={reason === 'required'}
              maxLength={500}
              rows={2}
              value={why}
              onChange={(change) => setWhy(change.currentTarget.value)}
            />
          )}
          {typed !== undefined && (
            <TextInput
              label={t('confirm.type', { text: typed })}
              value={said}
              autoComplete="off"
              onChange={(change) => setSaid(change.currentTarget.value)}
            />
          )}
          {error ? <Refused error={error} /> : null}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={close} data-autofocus>
              {t('cancel')}
            </Button>
            <Button type="submit" data-danger loading={busy} disabled={!ready}>
              {verb}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
