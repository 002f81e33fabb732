import { Popover, Stack, TextInput, UnstyledButton } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { getUser, listUsers, UserId } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import style from '../../ui/FilterChips.module.css'
import { Icon } from '../../ui/Icon.tsx'
import { IconPlus, IconX } from '../../ui/icons.ts'
import { useCall } from '../calls.ts'

/** A filter by person: the address holds their id, the chip shows their name, and who is meant is found by typing it. */
export const PersonChip = ({
  id,
  onChange,
  label,
}: {
  id: string | undefined
  onChange: (id: string | undefined) => void
  /** As what somebody is looked for; without it, as the person. */
  label?: string
}) => {
  const { t } = useTranslation(['users', 'common'])
  const name = label ?? t('person')
  const known = UserId.safeParse(id).success
  const person = useCall(getUser, { id: id ?? '' }, { enabled: known })
  if (id === undefined) return <Find label={name} onChange={onChange} />
  return (
    <span className={style.chip} data-on="">
      {name} <b>{(known && person.data?.username) || id}</b>
      <UnstyledButton
        className={style.remove}
        aria-label={t('common:filter.remove', { label: name })}
        onClick={() => onChange(undefined)}
      >
        <Icon of={IconX} size={12} />
      </UnstyledButton>
    </span>
  )
}

const Find = ({ label, onChange }: { label: string; onChange: (id: string) => void }) => {
  const { t } = useTranslation(['users', 'common'])
  const [opened, setOpened] = useState(false)
  const [typed, setTyped] = useState('')
  const [q] = useDebouncedValue(typed.trim(), 200)
  const found = useCall(listUsers, { limit: 8, ...(q ? { q } : {}) }, { enabled: opened })
  const choose = (id: string) => {
    setOpened(false)
    setTyped('')
    onChange(id)
  }
  const people = found.data?.items ?? []
  return (
    <Popover opened={opened} onChange={setOpened} trapFocus returnFocus position="bottom-start" width={260}>
      <Popover.Target>
        <UnstyledButton className={style.chip} aria-haspopup="dialog" aria-expanded={opened} onClick={() => setOpened(!opened)}>
          <Icon of={IconPlus} size={12} />
          {label}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label={label} p={6}>
        <Stack gap={4}>
          <TextInput
            aria-label={t('search')}
            placeholder={t('search')}
            value={typed}
            onChange={(typing) => setTyped(typing.currentTarget.value)}
            data-autofocus
          />
          {people.map(({ id, username, displayName }) => (
            <UnstyledButton key={id} className={style.option} onClick={() => choose(id)}>
              <span className="cut">
                {username} <span className="t3">{displayName}</span>
              </span>
            </UnstyledButton>
          ))}
          <span role="status" className="small t3">
            {found.data && people.length === 0 ? t('common:filter.nothing') : ''}
          </span>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}
