import { Button, Checkbox, Group, Modal, Stack, Textarea, TextInput } from '@mantine/core'
import {
  type CallIn,
  countHistorical,
  type EnrolFactor,
  getUser,
  listCodes,
  listEvents,
  listHistorical,
  listUsers,
  type Out,
  reEnrolUsers,
} from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { useFocusBack } from '../../ui/focus-back.ts'
import { Note } from '../../ui/Note.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction } from '../calls.ts'
import { FactorChoice } from '../users/FactorChoice.tsx'
import { MinutesField } from '../users/MinutesField.tsx'
import style from './Historical.module.css'
import { IssuedList } from './IssuedList.tsx'

type Whom = { people: readonly { id: string; username: string }[] } | { filter: CallIn<typeof reEnrolUsers>['filter'] }
/** A day as the browser's own date field has it, in the zone of whoever chooses. */
const dayOf = (date: Date): string => new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 10)

/** From which day these people renew their key; first how many that are, then the deed; codes are shown once. */
export const ReEnrolDialog = ({ whom, onClose }: { whom: Whom; onClose: (done: boolean) => void }) => {
  const { t } = useTranslation(['historical', 'common'])
  useFocusBack()
  const [day, setDay] = useState(() => dayOf(new Date()))
  const [reason, setReason] = useState('')
  const [withCodes, setWithCodes] = useState(false)
  const [factor, setFactor] = useState<EnrolFactor>('totp')
  const [minutes, setMinutes] = useState<number | string>(1_440)
  const [issued, setIssued] = useState<NonNullable<Out<typeof reEnrolUsers>['codes']>>()
  const count = useAction(reEnrolUsers)
  const act = useAction(reEnrolUsers, {
    refreshes: [listHistorical, countHistorical, listUsers, getUser, listCodes, listEvents],
    onDone: ({ people, codes }) => {
      toast(t('reEnrol.done', { count: people }))
      if (codes && codes.length > 0) setIssued(codes)
      else onClose(true)
    },
  })
  const input = () => ({
    ...('people' in whom ? { userIds: whom.people.map(({ id }) => id) } : { filter: whom.filter ?? {} }),
    from: new Date(`${day}T00:00`).toISOString(),
    ...(withCodes ? { codes: { expiresInMinutes: Number(minutes), factor } } : {}),
  })
  const change = (set: () => void) => {
    set()
    count.reset()
    act.reset()
  }
  const counted = count.data
  const ready = day !== '' && (!withCodes || Number(minutes) >= 1)
  const error = act.error ?? count.error
  const errors = fieldErrors(error)
  if (issued) return <IssuedList of={issued} onClose={() => onClose(true)} />
  return (
    <Modal
      opened
      onClose={() => onClose(false)}
      title={'people' in whom ? t('reEnrol.some', { count: whom.people.length }) : t('reEnrol.title')}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      <form
        onSubmit={(submit) => {
          submit.preventDefault()
          if (!counted) count.mutate({ ...input(), dryRun: true })
          else if (counted.people > 0) act.mutate({ ...input(), reason: reason.trim() })
        }}
      >
        <Stack gap="md">
          <p className="t2">{t('reEnrol.text')}</p>
          {'filter' in whom && <p>{t('reEnrol.filter')}</p>}
          <TextInput
            type="date"
            label={t('reEnrol.from')}
            description={t('reEnrol.fromText')}
            required
            value={day}
            error={errors.from}
            onChange={({ currentTarget: { value } }) => change(() => setDay(value))}
            data-autofocus
          />
          <Checkbox
            label={t('reEnrol.codes')}
            description={t('reEnrol.codesText')}
            checked={withCodes}
            onChange={({ currentTarget: { checked } }) => change(() => setWithCodes(checked))}
          />
          {withCodes && (
            <>
              <FactorChoice value={factor} onChange={(chosen) => change(() => setFactor(chosen))} />
              <MinutesField
                label={t('reEnrol.minutes')}
                value={minutes}
                error={errors['codes.expiresInMinutes']}
                onChange={(value) => change(() => setMinutes(value))}
              />
            </>
          )}
          {counted && <Counted of={counted} />}
          {counted && counted.people > 0 && (
            <Textarea
              label={t('common:confirm.reason')}
              description={t('common:confirm.reasonWhy')}
              required
              maxLength={500}
              rows={2}
              value={reason}
              onChange={({ currentTarget: { value } }) => setReason(value)}
            />
          )}
          {error && Object.keys(errors).length === 0 ? <Refused error={error} /> : null}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={() => onClose(false)}>
              {t(counted?.people === 0 ? 'common:close' : 'common:cancel')}
            </Button>
            {!counted ? (
              <Button type="submit" loading={count.isPending} disabled={!ready}>
                {t('reEnrol.count')}
              </Button>
            ) : (
              counted.people > 0 && (
                <Button type="submit" loading={act.isPending} disabled={reason.trim() === ''}>
                  {t('reEnrol.do', { count: counted.people })}
                </Button>
              )
            )}
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
const Counted = ({ of: { people, left, skipped } }: { of: Out<typeof reEnrolUsers> }) => {
  const { t } = useTranslation('historical')
  return (
    <Note tone={people > 0 ? 'warn' : 'idle'} title={t('reEnrol.found', { count: people })}>
      {left > 0 && <div>{t('reEnrol.left', { count: left })}</div>}
      {skipped.length > 0 && (
        <ul className={style.skipped}>
          {skipped.map(({ id, username, why }) => (
            <li key={id}>
              {username ?? id}: {t(`reEnrol.why.${why}`)}
            </li>
          ))}
        </ul>
      )}
    </Note>
  )
}
