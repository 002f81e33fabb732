import { Button, Group, Modal, Stack } from '@mantine/core'
import { type Code, countCodes, getCode, getUser, listCodes, listCodeVersions, listEvents, reissueCode } from '@postern/contract'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { useFocusBack } from '../../ui/focus-back.ts'
import { Refused } from '../../ui/Refused.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction } from '../calls.ts'
import { HandOver } from '../users/HandOver.tsx'
import { MinutesField } from '../users/MinutesField.tsx'
import { destinationOf, isFilled, sameDestination, typedOf } from './destinations.ts'
import { DestinationFields } from './fields.tsx'
import { authenticates, useCodeName } from './words.ts'

const refreshes = [getCode, listCodes, countCodes, listCodeVersions, listEvents, getUser]
/** As long as the one before was good for, from its start. */
const minutesOf = ({ createdAt, notBefore, expiresAt }: Code): number => {
  if (!expiresAt) return 10
  const start = Math.max(Date.parse(createdAt), Date.parse(notBefore ?? createdAt))
  return Math.min(20_160, Math.max(1, Math.round((Date.parse(expiresAt) - start) / 60_000)))
}

/** A new code in place of this one: a link keeps its printed symbol, what authenticates gets a new secret, shown this once. */
export const ReissueDialog = ({ code, onClose }: { code: Code; onClose: () => void }) =>
  authenticates(code.kind) ? <NewSecret code={code} onClose={onClose} /> : <SameSymbol code={code} onClose={onClose} />

const SameSymbol = ({ code, onClose }: { code: Code; onClose: () => void }) => {
  const { t } = useTranslation(['codes', 'common'])
  useFocusBack()
  const navigate = useNavigate()
  const [typed, setTyped] = useState(() => typedOf(code.destination))
  const reissue = useAction(reissueCode, {
    refreshes,
    onDone: ({ code: { id } }) => {
      toast(t('reissued'))
      onClose()
      void navigate({ to: '/codes/$id', params: { id } })
    },
  })
  const errors = fieldErrors(reissue.error)
  const destination = destinationOf(typed)
  return (
    <Modal
      opened
      onClose={onClose}
      size={560}
      title={t('reissueAsk')}
      closeButtonProps={{ 'aria-label': t('common:close') }}
      closeOnClickOutside={sameDestination(destination, code.destination)}
    >
      <form
        noValidate
        onSubmit={(submit) => {
          submit.preventDefault()
          reissue.mutate({ id: code.id, ...(sameDestination(destination, code.destination) ? {} : { destination }) })
        }}
      >
        <Stack gap="md">
          <p>{t('reissueLinkText')}</p>
          <DestinationFields
            value={typed}
            errors={errors}
            focus
            onChange={(part) => {
              setTyped((was) => ({ ...was, ...part }))
              if (reissue.error) reissue.reset()
            }}
          />
          {reissue.error && Object.keys(errors).length === 0 ? <Refused error={reissue.error} /> : null}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common:cancel')}
            </Button>
            <Button type="submit" loading={reissue.isPending} disabled={!isFilled(typed)}>
              {t('reissue')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

const NewSecret = ({ code, onClose }: { code: Code; onClose: () => void }) => {
  const { t, i18n } = useTranslation(['codes', 'users', 'common'])
  useFocusBack()
  const navigate = useNavigate()
  const nameOf = useCodeName()
  const [minutes, setMinutes] = useState<number | string>(() => minutesOf(code))
  const [leaving, setLeaving] = useState(false)
  const [spent, setSpent] = useState(false)
  const [since, setSince] = useState('')
  const reissue = useAction(reissueCode, { refreshes, onDone: () => setSince(new Date().toISOString()) })
  const errors = fieldErrors(reissue.error)
  const made = reissue.data
  const close = () => {
    if (made && !leaving && !spent) return setLeaving(true)
    onClose()
    if (made) void navigate({ to: '/codes/$id', params: { id: made.code.id }, ignoreBlocker: true })
  }
  return (
    <Modal
      opened
      onClose={close}
      size={made ? 660 : 440}
      closeOnClickOutside={!made}
      title={made ? nameOf(made.code) : t('reissueAsk')}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      {made?.code.expiresAt ? (
        <HandOver
          factor={code.kind === 'enrol-device' ? 'device' : 'totp'}
          code={{
            id: made.code.id,
            expiresAt: made.code.expiresAt,
            ...(made.url ? { url: made.url } : {}),
            ...(made.symbolSvg ? { symbolSvg: made.symbolSvg } : {}),
            // what went by letter goes by letter again, with a number of its own
            ...(made.activation ? { activation: made.activation } : {}),
            ...(made.letterPdf ? { letterPdf: made.letterPdf } : {}),
          }}
          since={since}
          user={{ username: made.code.user?.username ?? made.code.label }}
          leaving={leaving}
          onLeave={() => setLeaving(true)}
          onStay={() => setLeaving(false)}
          onSpent={() => setSpent(true)}
          onClose={close}
        />
      ) : (
        <form
          onSubmit={(submit) => {
            submit.preventDefault()
            reissue.mutate({ id: code.id, expiresInMinutes: Number(minutes), language: i18n.language === 'pl' ? 'pl' : 'en' })
          }}
        >
          <Stack gap="md">
            <p>{t('reissueSecretText')}</p>
            <MinutesField
              label={t('users:enrolMinutes')}
              value={minutes}
              error={errors.expiresInMinutes}
              onChange={setMinutes}
              focus
            />
            {reissue.error && Object.keys(errors).length === 0 ? <Refused error={reissue.error} /> : null}
            <Group justify="flex-end" gap="sm">
              <Button variant="default" onClick={onClose}>
                {t('common:cancel')}
              </Button>
              <Button type="submit" loading={reissue.isPending} disabled={!(Number(minutes) >= 1)}>
                {t('reissue')}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  )
}
