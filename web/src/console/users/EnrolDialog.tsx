import { Button, Checkbox, Group, Modal, Radio, Stack } from '@mantine/core'
import {
  type EnrolFactor,
  enrolUser,
  getUser,
  listCodes,
  listDevices,
  listEvents,
  listSessions,
  type Out,
  type User,
} from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { useFocusBack } from '../../ui/focus-back.ts'
import { Refused } from '../../ui/Refused.tsx'
import { queryClient, useAction } from '../calls.ts'
import { FactorChoice } from './FactorChoice.tsx'
import { HandOver } from './HandOver.tsx'
import { MinutesField } from './MinutesField.tsx'

type Issued = Out<typeof enrolUser>['code']

/** Hands out an enrolment code: its terms, then its symbol and address, once, with its state as it changes. */
export const EnrolDialog = ({ user, onClose }: { user: User; onClose: () => void }) => {
  const { t, i18n } = useTranslation(['users', 'common'])
  useFocusBack()
  const [factor, setFactor] = useState<EnrolFactor>('device')
  const [minutes, setMinutes] = useState<number | string>(10)
  const [reset, setReset] = useState(false)
  const [byLetter, setByLetter] = useState(false)
  const [shown, setShown] = useState<{ code: Issued; factor: EnrolFactor; since: string }>()
  const [leaving, setLeaving] = useState(false)
  const [spent, setSpent] = useState(false)
  const issue = useAction(enrolUser, {
    refreshes: [listCodes, getUser, listEvents],
    onDone: ({ code }, input) => setShown({ code, factor: input.factor, since: new Date().toISOString() }),
  })
  const errors = fieldErrors(issue.error)
  /** What the phone did changes the page below: it is read again. */
  const readAgain = () => {
    const paths: unknown[] = [getUser.path, listCodes.path, listDevices.path, listEvents.path, listSessions.path]
    void queryClient.invalidateQueries({ predicate: ({ queryKey }) => paths.includes(queryKey[0]) })
  }
  const leave = () => {
    if (shown) readAgain()
    onClose()
  }
  const close = () => (shown && !leaving && !spent ? setLeaving(true) : leave())
  return (
    <Modal
      opened
      onClose={close}
      size={660}
      closeOnClickOutside={!shown}
      title={t('enrolTitle', { name: user.username })}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      {shown ? (
        <HandOver
          key={shown.code.id}
          {...shown}
          user={user}
          leaving={leaving}
          onLeave={() => setLeaving(true)}
          onStay={() => setLeaving(false)}
          onSpent={() => {
            setSpent(true)
            readAgain()
          }}
          onAnother={() => {
            setShown(undefined)
            setSpent(false)
          }}
          onClose={close}
        />
      ) : (
        <form
          onSubmit={(submit) => {
            submit.preventDefault()
            issue.mutate({
              id: user.id,
              factor,
              expiresInMinutes: Number(minutes),
              ...(byLetter ? { deliver: 'letter', language: i18n.language === 'pl' ? 'pl' : 'en' } : {}),
              ...(reset ? { resetPassword: true } : {}),
            })
          }}
        >
          <Stack gap="md">
            <FactorChoice value={factor} onChange={setFactor} />
            <p className="t2">
              {t(`${user.factors.password && !reset ? 'enrolKnown' : 'enrolNew'}${factor === 'device' ? 'Device' : ''}`)}
            </p>
            <Radio.Group
              label={t('handOver')}
              value={byLetter ? 'letter' : 'screen'}
              onChange={(way) => {
                setByLetter(way === 'letter')
                setMinutes(way === 'letter' ? 20_160 : 10)
              }}
            >
              <Stack gap={4} mt={4}>
                <Radio value="screen" label={t('byScreen')} />
                <Radio value="letter" label={t('byLetter')} description={t('byLetterText')} />
              </Stack>
            </Radio.Group>
            <MinutesField
              label={t('enrolMinutes')}
              description={t('enrolMinutesText')}
              value={minutes}
              error={errors.expiresInMinutes}
              onChange={setMinutes}
              focus
            />
            {user.factors.password && (
              <Checkbox
                label={t('enrolReset')}
                description={t('enrolResetText')}
                checked={reset}
                onChange={(click) => setReset(click.currentTarget.checked)}
              />
            )}
            <p className="small t3">{t('enrolEndsBefore')}</p>
            {issue.error && Object.keys(errors).length === 0 ? <Refused error={issue.error} /> : null}
            <Group justify="flex-end" gap="sm">
              <Button variant="default" onClick={onClose}>
                {t('common:cancel')}
              </Button>
              <Button type="submit" loading={issue.isPending} disabled={!(Number(minutes) >= 1)}>
                {t('enrolIssue')}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  )
}
