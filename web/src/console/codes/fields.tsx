import { Button, NumberInput, Select, Textarea, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { listUsers } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useCall } from '../calls.ts'
import { localValue } from '../events/period.ts'
import style from './Codes.module.css'
import type { TypedDestination } from './destinations.ts'

type Errors = Record<string, string>

/** Where a code leads: an address, a text, or an address a platform. */
export const DestinationFields = ({
  value,
  onChange,
  errors,
  focus = false,
  fixed = false,
}: {
  value: TypedDestination
  onChange: (part: Partial<TypedDestination>) => void
  errors: Errors
  focus?: boolean
  /** It is in the symbol itself. */
  fixed?: boolean
}) => {
  const { t } = useTranslation('codes')
  const address = (name: 'url' | 'ios' | 'android' | 'otherwise', first = false) => (
    <TextInput
      type="url"
      // said by the server at the field, in words of ours
      formNoValidate
      label={t(`leads.${name}`)}
      description={name === 'ios' ? t('leads.iosWhy') : undefined}
      placeholder="https://"
      maxLength={2048}
      required={name === 'url' || name === 'otherwise'}
      autoComplete="off"
      spellCheck={false}
      value={value[name]}
      error={errors[`destination.${name}`] ?? (first ? errors.destination : undefined)}
      onChange={(typing) => onChange({ [name]: typing.currentTarget.value })}
      {...(focus && first ? { 'data-autofocus': true } : {})}
    />
  )
  if (value.type === 'url') return address('url', true)
  if (value.type === 'text')
    return (
      <Textarea
        label={t('leads.text')}
        description={t(fixed ? 'leads.textFixed' : 'leads.textWhy')}
        required
        maxLength={2000}
        autosize
        minRows={4}
        maxRows={14}
        value={value.text}
        error={errors['destination.text'] ?? errors.destination}
        onChange={(typing) => onChange({ text: typing.currentTarget.value })}
        {...(focus ? { 'data-autofocus': true } : {})}
      />
    )
  return (
    <>
      {address('ios', true)}
      {address('android')}
      {address('otherwise')}
    </>
  )
}

/** Local times as their fields have them; empty: none. */
export type TypedTerms = { notBefore: string; expiresAt: string; scanLimit: number | string }
export const termsOf = (of: { notBefore: string | null; expiresAt: string | null; scanLimit: number | null }): TypedTerms => ({
  notBefore: of.notBefore ? localValue(of.notBefore) : '',
  expiresAt: of.expiresAt ? localValue(of.expiresAt) : '',
  scanLimit: of.scanLimit ?? '',
})
export const instantIn = (typed: string): string | null => (typed === '' ? null : new Date(typed).toISOString())

const inDays = (days: number): string => localValue(new Date(Date.now() + days * 86_400_000).toISOString())
/** From when, until when, how often. Empty is the default, and says what that means. */
export const TermsFields = ({
  value,
  onChange,
  errors,
  has,
  soon = false,
}: {
  value: TypedTerms
  onChange: (part: Partial<TypedTerms>) => void
  errors: Errors
  has: (field: keyof TypedTerms) => boolean
  /** It ends within 14 days, as all that authenticates. */
  soon?: boolean
}) => {
  const { t } = useTranslation('codes')
  return (
    <>
      {has('notBefore') && (
        <TextInput
          type="datetime-local"
          label={t('starts')}
          description={t('terms.startsWhy')}
          value={value.notBefore}
          error={errors.notBefore}
          onChange={(typing) => onChange({ notBefore: typing.currentTarget.value })}
        />
      )}
      {has('expiresAt') && (
        <div>
          <TextInput
            type="datetime-local"
            label={t('ends')}
            description={t(soon ? 'terms.endsSoon' : 'terms.endsWhy')}
            value={value.expiresAt}
            error={errors.expiresAt}
            onChange={(typing) => onChange({ expiresAt: typing.currentTarget.value })}
          />
          <div className={style.presets}>
            {(soon ? [1, 7, 14] : [30, 90, 365]).map((days) => (
              <Button key={days} variant="default" size="compact-xs" onClick={() => onChange({ expiresAt: inDays(days) })}>
                {t('terms.inDays', { count: days })}
              </Button>
            ))}
            {!soon && (
              <Button variant="default" size="compact-xs" onClick={() => onChange({ expiresAt: '' })}>
                {t('never')}
              </Button>
            )}
          </div>
        </div>
      )}
      {has('scanLimit') && (
        <NumberInput
          label={t('scanLimit')}
          description={t('terms.limitWhy')}
          min={1}
          max={1_000_000_000}
          allowDecimal={false}
          allowNegative={false}
          value={value.scanLimit}
          error={errors.scanLimit}
          onChange={(scanLimit) => onChange({ scanLimit })}
        />
      )}
    </>
  )
}

export type Somebody = { id: string; username: string }
/** A person, found by typing their name. */
export const PersonField = ({
  label,
  description,
  value,
  onChange,
  error,
}: {
  label: string
  description?: string
  value: Somebody | null
  onChange: (person: Somebody | null) => void
  error?: string | undefined
}) => {
  const { t } = useTranslation('common')
  const [typed, setTyped] = useState('')
  const [q] = useDebouncedValue(typed.trim(), 200)
  const searched = q !== '' && q !== value?.username ? { q } : {}
  const found = useCall(listUsers, { limit: 20, state: 'active', ...searched }).data?.items ?? []
  const people = value && !found.some(({ id }) => id === value.id) ? [value, ...found] : found
  return (
    <Select
      label={label}
      description={description}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': t('filter.remove', { label }) }}
      // the server searches names and addresses too: what it found stays
      filter={({ options }) => options}
      data={people.map(({ id, username }) => ({ value: id, label: username }))}
      value={value?.id ?? null}
      onChange={(id) => onChange(people.find((person) => person.id === id) ?? null)}
      searchValue={typed}
      onSearchChange={setTyped}
      nothingFoundMessage={t('filter.nothing')}
      error={error}
    />
  )
}
