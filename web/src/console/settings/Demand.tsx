import { Checkbox, Group, TextInput } from '@mantine/core'
import { listRoles, type Role, roles } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { localeOf } from '../../ui/locale.ts'
import { Note } from '../../ui/Note.tsx'
import { useNow } from '../../ui/now.ts'
import { Section } from '../../ui/Page.tsx'
import { usePreferences } from '../../ui/preferences.ts'
import { dayAndMinute } from '../../ui/times.ts'
import { useCall } from '../calls.ts'
import { localValue } from '../events/period.ts'
import type { Part } from './parts.tsx'
import style from './Settings.module.css'

/** R6: which roles must have a second factor and from when, as a sentence, with the number of people it reaches today. */
export const Demand = ({
  now,
  change,
  operator,
  owner,
  without,
  conflict,
}: Part & { without: number | undefined; conflict: boolean }) => {
  const { t, i18n } = useTranslation(['settings', 'common'])
  const { utc } = usePreferences()
  const clock = useNow()
  const people = useCall(listRoles, {}).data?.items
  const { roles: asked, from } = now.secondFactor
  const later = from !== null && Date.parse(from) > clock
  const named = roles
    .filter((role) => asked.includes(role))
    .map((role) => t(`common:role.${role}`))
    .join(', ')
  const sentence =
    asked.length === 0
      ? t('demand.nobody')
      : later
        ? t('demand.later', { roles: named, time: dayAndMinute(from, { locale: localeOf(i18n.language), utc }) })
        : t('demand.sentence', { roles: named })
  const impossible = !now.enrolment && asked.length > 0
  const refused = impossible && conflict
  const why = useId()
  return (
    <Section title={t('demand.title')}>
      <p className={style.sentence}>{sentence}</p>
      {asked.length > 0 && (
        <p className="t2">
          {without === undefined ? (
            t('demand.countOnSave')
          ) : (
            <>
              {t('demand.without', { count: without })}{' '}
              {without > 0 && !later && (
                <Link to="/users" search={{ due: 'true' } as never}>
                  {t('demand.who')}
                </Link>
              )}
            </>
          )}
        </p>
      )}
      <Checkbox.Group
        mt="sm"
        label={t('demand.roles')}
        value={asked}
        error={refused ? t('demand.offText') : undefined}
        errorProps={{ id: why }}
        onChange={(value) => change({ secondFactor: { ...now.secondFactor, roles: value as Role[] } })}
      >
        <Group gap="lg" mt="xs">
          {roles.map((role) => {
            const count = people?.find(({ name }) => name === role)?.people
            return (
              <Checkbox
                key={role}
                value={role}
                label={`${t(`common:role.${role}`)}${count === undefined ? '' : ` (${count})`}`}
                aria-invalid={refused || undefined}
                aria-describedby={refused ? why : undefined}
                disabled={!operator || (!owner && (role === 'operator' || role === 'owner'))}
              />
            )
          })}
        </Group>
      </Checkbox.Group>
      {impossible && !conflict && (
        <Note tone="warn" title={t('demand.offTitle')}>
          {t('demand.offText')}
        </Note>
      )}
      <TextInput
        className={style.field}
        type="datetime-local"
        label={t('demand.from')}
        description={t('demand.fromText')}
        disabled={!owner}
        value={from ? localValue(from) : ''}
        onChange={(typing) => {
          const { value } = typing.currentTarget
          change({ secondFactor: { ...now.secondFactor, from: value === '' ? null : new Date(value).toISOString() } })
        }}
      />
    </Section>
  )
}
