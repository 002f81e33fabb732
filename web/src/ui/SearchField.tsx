import { TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useState } from 'react'
import { Icon } from './Icon.tsx'
import { IconSearch } from './icons.ts'
import style from './SearchField.module.css'

/** Searches as one types: the field holds what is typed, and hands it on when the typing pauses, so that no letter is lost. */
export const SearchField = ({
  label,
  value,
  onChange,
}: {
  label: string
  value: string | undefined
  onChange: (value: string | undefined) => void
}) => {
  const [typed, setTyped] = useState(value ?? '')
  const [told, setTold] = useState(value ?? '')
  const tell = useDebouncedCallback((next: string) => {
    setTold(next)
    onChange(next.trim() || undefined)
  }, 250)
  // The address changed by itself (Back, "clear filters"): it stands above what is in the field.
  if ((value ?? '') !== told.trim() && typed === told) {
    setTyped(value ?? '')
    setTold(value ?? '')
  }
  return (
    <TextInput
      className={style.search}
      type="search"
      aria-label={label}
      placeholder={label}
      maxLength={100}
      leftSection={<Icon of={IconSearch} />}
      value={typed}
      onChange={(typing) => {
        setTyped(typing.currentTarget.value)
        tell(typing.currentTarget.value)
      }}
    />
  )
}
