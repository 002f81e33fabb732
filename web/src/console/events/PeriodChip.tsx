import { Button, Popover, Stack, TextInput, UnstyledButton } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import style from '../../ui/FilterChips.module.css'
import { Icon } from '../../ui/Icon.tsx'
import { IconPin, IconPlus, IconX } from '../../ui/icons.ts'
import { localeOf } from '../../ui/locale.ts'
import { usePreferences } from '../../ui/preferences.ts'
import { dayAndMinute } from '../../ui/times.ts'
import { instantOf, isRelative, localValue, spans } from './period.ts'

type Period = { from?: string | undefined; to?: string | undefined }

/** A period: relative to now, and so it stays when the address is shared, or between two times. A pin fixes a relative one. */
export const PeriodChip = ({
  from,
  to,
  onChange,
  label,
}: Period & {
  onChange: (period: Period) => void
  /** Of what it is the period; without it, of the events. */
  label?: string
}) => {
  const { t, i18n } = useTranslation(['events', 'common'])
  const title = label ?? t('filter.period')
  const { utc } = usePreferences()
  if (!from && !to) return <Add title={title} onChange={onChange} />
  const words = { locale: localeOf(i18n.language), utc }
  const moment = (text: string) => {
    const at = instantOf(text, Date.now())
    return at ? dayAndMinute(at, words) : text
  }
  const name = i18n.exists(`events:span.${from}`) && !to ? t(`span.${from as '-1h'}`) : undefined
  return (
    <span className={style.chip} data-on="">
      {title}{' '}
      <b>
        {name ??
          [from && t('fromTime', { time: moment(from) }), to && t('toTime', { time: moment(to) })].filter(Boolean).join(' ')}
      </b>
      {from && isRelative(from) && (
        <UnstyledButton
          className={style.remove}
          aria-label={t('pin')}
          title={t('pin')}
          onClick={() => onChange({ from: instantOf(from, Date.now()), to: new Date().toISOString() })}
        >
          <Icon of={IconPin} size={12} />
        </UnstyledButton>
      )}
      <UnstyledButton
        className={style.remove}
        aria-label={t('common:filter.remove', { label: title })}
        onClick={() => onChange({ from: undefined, to: undefined })}
      >
        <Icon of={IconX} size={12} />
      </UnstyledButton>
    </span>
  )
}

const Add = ({ title, onChange }: { title: string; onChange: (period: Period) => void }) => {
  const { t } = useTranslation(['events', 'common'])
  const [opened, setOpened] = useState(false)
  const [start, setStart] = useState('')
  const [end, setEnd] = useState('')
  const choose = (period: Period) => {
    setOpened(false)
    onChange(period)
  }
  const instant = (typed: string) => (typed ? new Date(typed).toISOString() : undefined)
  return (
    <Popover opened={opened} onChange={setOpened} trapFocus returnFocus position="bottom-start" width={260}>
      <Popover.Target>
        <UnstyledButton className={style.chip} aria-haspopup="dialog" aria-expanded={opened} onClick={() => setOpened(!opened)}>
          <Icon of={IconPlus} size={12} />
          {title}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label={title} p={4}>
        <Stack gap={0}>
          {spans.map((span) => (
            <UnstyledButton key={span} className={style.option} onClick={() => choose({ from: span, to: undefined })}>
              {t(`span.${span}`)}
            </UnstyledButton>
          ))}
        </Stack>
        <form
          onSubmit={(submit) => {
            submit.preventDefault()
            if (start || end) choose({ from: instant(start), to: instant(end) })
          }}
        >
          <Stack gap="sm" p={6}>
            <TextInput
              type="datetime-local"
              label={t('filter.from')}
              max={end || localValue(new Date().toISOString())}
              value={start}
              onChange={(typing) => setStart(typing.currentTarget.value)}
            />
            <TextInput
              type="datetime-local"
              label={t('filter.to')}
              {...(start ? { min: start } : {})}
              value={end}
              onChange={(typing) => setEnd(typing.currentTarget.value)}
            />
            <Button type="submit" variant="default" disabled={!start && !end}>
              {t('common:filter.apply')}
            </Button>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}
