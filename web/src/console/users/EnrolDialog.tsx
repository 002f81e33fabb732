import { Button, Checkbox, Group, Modal, NumberInput, Stack } from '@mantine/core'
import { enrolUser, getCode, getUser, listCodes, listEvents, type Out, type User } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCopy } from '../../ui/copy.ts'
import { fieldErrors } from '../../ui/field-errors.ts'
import { Icon } from '../../ui/Icon.tsx'
import { IconCheck, IconCopy } from '../../ui/icons.ts'
import { Refused } from '../../ui/Refused.tsx'
import { type Look, StateBadge } from '../../ui/StateBadge.tsx'
import { SymbolPlate } from '../../ui/SymbolPlate.tsx'
import { CountDown } from '../../ui/TimeText.tsx'
import { useAction, useCall } from '../calls.ts'
import { Revoke } from '../codes/CodePage.tsx'
import { codeLook } from '../codes/words.ts'
import style from './Users.module.css'

type Issued = Out<typeof enrolUser>['code']

/** Hands out an enrolment code: its terms, then its symbol and address, once, with its state as it changes. */
export const EnrolDialog = ({ user, onClose }: { user: User; onClose: () => void }) => {
  const { t } = useTranslation(['users', 'common'])
  const [minutes, setMinutes] = useState<number | string>(10)
  const [reset, setReset] = useState(false)
  const [code, setCode] = useState<Issued>()
  const [leaving, setLeaving] = useState(false)
  const issue = useAction(enrolUser, { refreshes: [listCodes, getUser, listEvents], onDone: (answer) => setCode(answer.code) })
  const errors = fieldErrors(issue.error)
  const close = () => (code && !leaving ? setLeaving(true) : onClose())
  return (
    <Modal
      opened
      onClose={close}
      size={640}
      title={t('enrolTitle', { name: user.username })}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      {code ? (
        <Shown code={code} user={user} leaving={leaving} onStay={() => setLeaving(false)} onClose={close} />
      ) : (
        <form
          onSubmit={(submit) => {
            submit.preventDefault()
            issue.mutate({
              id: user.id,
              factor: 'totp',
              expiresInMinutes: Number(minutes),
              ...(reset ? { resetPassword: true } : {}),
            })
          }}
        >
          <Stack gap="md">
            <p className="t2">{user.factors.password ? t('enrolKnown') : t('enrolNew')}</p>
            <NumberInput
              label={t('enrolMinutes')}
              description={t('enrolMinutesText')}
              min={1}
              max={20_160}
              value={minutes}
              error={errors.expiresInMinutes}
              onChange={setMinutes}
              data-autofocus
            />
            {user.factors.password && (
              <Checkbox
                label={t('enrolReset')}
                description={t('enrolResetText')}
                checked={reset}
                onChange={(click) => setReset(click.currentTarget.checked)}
              />
            )}
            {issue.error && Object.keys(errors).length === 0 ? <Refused error={issue.error} /> : null}
            <Group justify="flex-end" gap="sm">
              <Button variant="default" onClick={onClose}>
                {t('common:cancel')}
              </Button>
              <Button type="submit" loading={issue.isPending}>
                {t('enrolIssue')}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  )
}

const Shown = ({
  code,
  user,
  leaving,
  onStay,
  onClose,
}: {
  code: Issued
  user: User
  leaving: boolean
  onStay: () => void
  onClose: () => void
}) => {
  const { t } = useTranslation(['users', 'codes', 'common'])
  const { state: copied, copy } = useCopy()
  const [revoking, setRevoking] = useState(false)
  const { data: now } = useCall(getCode, { id: code.id }, { everyMs: 2_000 })
  const state = now?.state ?? 'live'
  const opened = state === 'live' && (now?.scans ?? 0) > 0
  const look: Look = opened ? 'more' : codeLook[state]
  const over = state === 'used' || state === 'expired' || state === 'revoked'
  if (leaving && !over)
    return (
      <Stack gap="md">
        <p>{t('leaveText')}</p>
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onStay} data-autofocus>
            {t('leaveStay')}
          </Button>
          <Button data-danger onClick={onClose}>
            {t('leave')}
          </Button>
        </Group>
      </Stack>
    )
  return (
    <>
      <div className={style.code}>
        {!over && code.symbolSvg && <SymbolPlate svg={code.symbolSvg} alt={t('symbolAlt', { name: user.username })} size={260} />}
        <div className={style.side}>
          <span role="status">
            <StateBadge look={look} boxed>
              {opened ? t('openedNow') : t(`codes:state.${state}`)}
            </StateBadge>
          </span>
          {over ? (
            <p>{t(`codes:means.${state}`)}</p>
          ) : (
            <>
              <p className="t2">{t('shownOnce')}</p>
              <p className={style.address}>{code.url}</p>
              <Button
                variant="default"
                leftSection={<Icon of={copied === 'copied' ? IconCheck : IconCopy} />}
                onClick={() => copy(code.url ?? '')}
              >
                {t('copyAddress')}
              </Button>
              <p className="t2">
                {t('ends')} <CountDown to={code.expiresAt} ended={t('codes:state.expired')} />
              </p>
            </>
          )}
        </div>
      </div>
      <Group justify="flex-end" gap="sm" mt="lg">
        {!over && (
          <Button variant="default" onClick={() => setRevoking(true)}>
            {t('codes:revoke')}
          </Button>
        )}
        <Button onClick={onClose}>{t('done')}</Button>
      </Group>
      {revoking && <Revoke code={{ id: code.id, state, label: user.username }} onClose={() => setRevoking(false)} />}
    </>
  )
}
