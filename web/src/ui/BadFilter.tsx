import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Filter } from './FilterChips.tsx'
import { Note } from './Note.tsx'
import { problemIn } from './Refused.tsx'

/** A filter as the server may complain of it. `param`: its name in the call, where that is not its name in the address. */
type Named = Filter & { param?: string }

/**
 * In place of a list whose address holds a filter that cannot be read: which, what may stand there, and one press that drops it
 * and keeps the rest. Addresses are typed, shared and cut; the schema's own words say nothing to whoever opens one.
 */
export const useBadFilters = (
  error: unknown,
  filters: readonly Named[],
  values: Partial<Record<string, string>>,
  set: (change: Record<string, undefined>) => unknown,
): ReactNode => {
  const { t } = useTranslation()
  const paths = new Set(problemIn(error)?.errors?.map(({ path }) => path.split('.').at(-1)))
  const bad = filters.filter(({ key, param = key }) => values[key] !== undefined && paths.has(param))
  // what the address cannot mend is no matter of a filter
  if (bad.length === 0 || bad.length < paths.size) return undefined
  return (
    <Note
      tone="warn"
      title={t('filter.bad')}
      action={bad.map(({ key, label }) => (
        <Button key={key} variant="default" size="sm" onClick={() => set({ [key]: undefined })}>
          {t('filter.remove', { label })}
        </Button>
      ))}
    >
      {bad.map(({ key, label, options = [], hint }) => {
        // a value that is only named by its chip is none of the choices
        const choices = options.filter(({ value }) => value !== values[key]).map(({ label }) => label)
        return (
          <p key={key}>
            {t('filter.badValue', { label, value: values[key] })}{' '}
            {choices.length > 0 ? t('filter.badChoices', { choices: choices.join(', ') }) : hint}
          </p>
        )
      })}
      <p>{t('filter.badKept')}</p>
    </Note>
  )
}
