import { Button, Checkbox, Group, Modal, NumberInput, Stack, TextInput } from '@mantine/core'
import { createToken, listTokens, type Out, revokeToken, type Scope, type ServiceToken, scopes } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from '../../ui/ConfirmDialog.tsx'
import { useCopy } from '../../ui/copy.ts'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { Icon } from '../../ui/Icon.tsx'
import { IconCheck, IconCopy } from '../../ui/icons.ts'
import { Note } from '../../ui/Note.tsx'
import { Page } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useAction, useList } from '../calls.ts'
import { useMay } from '../session.ts'
import style from './Settings.module.css'

/** Tokens of machines: made, listed, revoked. A token is shown once. */
export default function TokensPage() {
  const { t } = useTranslation(['settings', 'common'])
  const tokens = useList(listTokens, {})
  const may = useMay('operator')
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<Out<typeof createToken>>()
  const [asked, setAsked] = useState<ServiceToken>()
  const close = () => setAsked(undefined)
  const revoke = useAction(revokeToken, { refreshes: listTokens, onDone: () => [close(), toast(t('tokens.revoked'))] })
  const columns: Column<ServiceToken>[] = [
    { key: 'name', title: t('tokens.name'), narrow: 'first', cell: ({ name }) => <span className="strong">{name}</span> },
    { key: 'state', title: t('tokens.state'), narrow: 'first', cell: (token) => <State of={token} /> },
    {
      key: 'scopes',
      title: t('tokens.scopes'),
      cell: (token) => token.scopes.map((scope) => t(`scope.${scope}.name`)).join(', '),
    },
    { key: 'by', title: t('tokens.by'), cell: ({ createdBy }) => createdBy },
    {
      key: 'used',
      title: t('tokens.used'),
      labelled: true,
      cell: ({ lastUsedAt }) => (lastUsedAt ? <TimeText at={lastUsedAt} /> : t('tokens.never')),
    },
    { key: 'ends', title: t('tokens.ends'), labelled: true, cell: ({ expiresAt }) => <TimeText at={expiresAt} as="moment" /> },
    ...(may
      ? [
          {
            key: 'act',
            title: t('tokens.revoke'),
            untitled: true,
            cell: (token: ServiceToken) =>
              !token.revokedAt &&
              Date.parse(token.expiresAt) > Date.now() && (
                <Button
                  variant="default"
                  size="xs"
                  aria-label={t('tokens.revokeOf', { name: token.name })}
                  onClick={() => setAsked(token)}
                >
                  {t('tokens.revoke')}
                </Button>
              ),
          },
        ]
      : []),
  ]
  return (
    <Page
      title={t('tokens.title')}
      below={t('tokens.text')}
      gutter={false}
      actions={may && <Button onClick={() => setMaking(true)}>{t('tokens.make')}</Button>}
    >
      {made?.token && <Shown token={made.token} onHide={() => setMade(undefined)} />}
      <DataTable
        label={t('tokens.title')}
        {...tokens}
        columns={columns}
        rowKey={({ id }) => id}
        empty={
          <Empty
            title={t('tokens.none')}
            action={
              may && (
                <Button variant="default" onClick={() => setMaking(true)}>
                  {t('tokens.make')}
                </Button>
              )
            }
          >
            {t('tokens.noneText')}
          </Empty>
        }
      />
      <Make
        opened={making}
        onClose={() => setMaking(false)}
        onMade={(token) => {
          setMaking(false)
          setMade(token)
        }}
      />
      <ConfirmDialog
        opened={asked !== undefined}
        onClose={close}
        title={t('tokens.revokeAsk')}
        verb={t('tokens.revoke')}
        busy={revoke.isPending}
        error={revoke.error}
        onConfirm={() => asked && revoke.mutate({ id: asked.id })}
      >
        {asked && t('tokens.revokeText', { name: asked.name })}
      </ConfirmDialog>
    </Page>
  )
}

const State = ({ of }: { of: ServiceToken }) => {
  const { t } = useTranslation('settings')
  if (of.revokedAt) return <StateBadge look="revoked">{t('tokens.isRevoked')}</StateBadge>
  if (Date.parse(of.expiresAt) <= Date.now()) return <StateBadge look="expired">{t('tokens.isExpired')}</StateBadge>
  return <StateBadge look="active">{t('tokens.isActive')}</StateBadge>
}

const Shown = ({ token, onHide }: { token: string; onHide: () => void }) => {
  const { t } = useTranslation(['settings', 'common'])
  const { state, copy } = useCopy()
  return (
    <div className={style.pad}>
      <Note
        tone="ok"
        title={t('tokens.once')}
        action={
          <>
            <Button
              variant="default"
              leftSection={<Icon of={state === 'copied' ? IconCheck : IconCopy} />}
              onClick={() => copy(token)}
            >
              {state === 'copied' ? t('common:copy.done') : t('tokens.copy')}
            </Button>
            <Button variant="default" onClick={onHide}>
              {t('tokens.hide')}
            </Button>
            <span role="status" className={state === 'failed' ? 'small' : 'sr-only'}>
              {state === 'copied' ? t('common:copy.done') : state === 'failed' ? t('common:copy.failed') : ''}
            </span>
          </>
        }
      >
        {t('tokens.onceText')}
        <code className={style.token}>{token}</code>
      </Note>
    </div>
  )
}

const Make = ({
  opened,
  onClose,
  onMade,
}: {
  opened: boolean
  onClose: () => void
  onMade: (token: Out<typeof createToken>) => void
}) => {
  const { t } = useTranslation(['settings', 'common'])
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<Scope[]>([])
  const [days, setDays] = useState<number | string>(90)
  const make = useAction(createToken, {
    refreshes: listTokens,
    onDone: (token) => {
      setName('')
      setChosen([])
      onMade(token)
    },
  })
  const errors = fieldErrors(make.error)
  return (
    <Modal opened={opened} onClose={onClose} title={t('tokens.make')} closeButtonProps={{ 'aria-label': t('common:close') }}>
      <form
        onSubmit={(submit) => {
          submit.preventDefault()
          make.mutate({ name, scopes: chosen, expiresInDays: Number(days) })
        }}
      >
        <Stack gap="md">
          <TextInput
            label={t('tokens.name')}
            description={t('tokens.nameWhy')}
            required
            maxLength={100}
            value={name}
            error={errors.name}
            onChange={(change) => setName(change.currentTarget.value)}
            data-autofocus
          />
          <Checkbox.Group
            label={t('tokens.scopes')}
            required
            value={chosen}
            error={errors.scopes}
            onChange={(value) => setChosen(value as Scope[])}
          >
            <Stack gap="sm" mt="xs">
              {scopes.map((scope) => (
                <Checkbox key={scope} value={scope} label={t(`scope.${scope}.name`)} description={t(`scope.${scope}.opens`)} />
              ))}
            </Stack>
          </Checkbox.Group>
          <NumberInput label={t('tokens.days')} min={1} max={366} value={days} error={errors.expiresInDays} onChange={setDays} />
          {make.error && Object.keys(errors).length === 0 ? <Refused error={make.error} /> : null}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={onClose}>
              {t('common:cancel')}
            </Button>
            <Button type="submit" loading={make.isPending} disabled={name.trim() === '' || chosen.length === 0}>
              {t('tokens.make')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
