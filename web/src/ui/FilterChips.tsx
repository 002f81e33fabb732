import { Button, Popover, Stack, TextInput, UnstyledButton } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import style from './FilterChips.module.css'
import { Icon } from './Icon.tsx'
import { IconPlus, IconX } from './icons.ts'

export type Filter = {
  /** Its name in the address. */
  key: string
  label: string
  /** How a typed value is written. */
  hint?: string
  /** Choices; without them the value is typed. */
  options?: { value: string; label: string; count?: number }[]
}

/** What the address says of these names, and how to change it. Filters are state of the address alone, so every view can be shared. */
export const useUrlFilters = <K extends string>(keys: readonly K[]) => {
  const search = useSearch({ strict: false }) as Record<string, string | undefined>
  const navigate = useNavigate()
  const values = {} as Partial<Record<K, string>>
  for (const key of keys) if (search[key]) values[key] = search[key]
  const set = (change: Partial<Record<K, string | undefined>>) =>
    navigate({ to: '.', search: ((before: object) => ({ ...before, ...change })) as never, replace: true })
  const clear = () => set(Object.fromEntries(keys.map((key) => [key, undefined])) as Partial<Record<K, undefined>>)
  return { values, set, clear, any: Object.keys(values).length > 0 }
}

/** Chips: dashed can be added, solid is set, with × to take it away. */
export const FilterChips = ({
  filters,
  values,
  onChange,
}: {
  filters: readonly Filter[]
  values: Partial<Record<string, string>>
  onChange: (key: string, value: string | undefined) => void
}) => {
  const { t } = useTranslation()
  return (
    <fieldset className={style.chips} aria-label={t('filter.label')}>
      {filters.map((filter) => {
        const value = values[filter.key]
        if (value !== undefined) {
          const shown = filter.options?.find((option) => option.value === value)?.label ?? value
          return (
            <span key={filter.key} className={style.chip} data-on="">
              {filter.label} <b>{shown}</b>
              <UnstyledButton
                className={style.remove}
                aria-label={t('filter.remove', { label: filter.label })}
                onClick={() => onChange(filter.key, undefined)}
              >
                <Icon of={IconX} size={12} />
              </UnstyledButton>
            </span>
          )
        }
        return <Add key={filter.key} filter={filter} onChange={(added) => onChange(filter.key, added)} />
      })}
    </fieldset>
  )
}

const Add = ({ filter, onChange }: { filter: Filter; onChange: (value: string) => void }) => {
  const { t } = useTranslation()
  const [opened, setOpened] = useState(false)
  const [typed, setTyped] = useState('')
  const choose = (value: string) => {
    setOpened(false)
    if (value) onChange(value)
  }
  return (
    <Popover opened={opened} onChange={setOpened} trapFocus returnFocus position="bottom-start" width={220}>
      <Popover.Target>
        <UnstyledButton className={style.chip} aria-haspopup="dialog" aria-expanded={opened} onClick={() => setOpened(!opened)}>
          <Icon of={IconPlus} size={12} />
          {filter.label}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label={filter.label} p={4}>
        {filter.options ? (
          <Stack gap={0}>
            {filter.options.map(({ value, label, count }) => (
              <UnstyledButton key={value} className={style.option} onClick={() => choose(value)}>
                {label}
                {count !== undefined && <span className="t3 num">{count}</span>}
              </UnstyledButton>
            ))}
          </Stack>
        ) : (
          <form
            onSubmit={(submit) => {
              submit.preventDefault()
              choose(typed.trim())
            }}
          >
            <Stack gap="sm" p={6}>
              <TextInput
                label={filter.label}
                description={filter.hint}
                value={typed}
                onChange={(change) => setTyped(change.currentTarget.value)}
                data-autofocus
              />
              <Button type="submit" size="sm" variant="default">
                {t('filter.apply')}
              </Button>
            </Stack>
          </form>
        )}
      </Popover.Dropdown>
    </Popover>
  )
}
