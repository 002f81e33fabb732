import { Button, Group, Modal, Radio, Stack } from '@mantine/core'
import type { bulkCodes, CallIn, EnrolFactor, SymbolFormat, User } from '@postern/contract'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '../../ui/field-errors.ts'
import { useFocusBack } from '../../ui/focus-back.ts'
import { NothingFits } from '../../ui/NothingFits.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { useBulk } from '../bulk/bulk.ts'
import { Formats } from '../bulk/Formats.tsx'
import { FactorChoice } from './FactorChoice.tsx'
import { MinutesField } from './MinutesField.tsx'

export type PeopleFilter = NonNullable<CallIn<typeof bulkCodes>['userFilter']>
/** People who were selected, or all that a filter finds, and how many of them are active. */
export type People = { users: readonly User[] } | { filter: PeopleFilter; total: number }
const ways = ['symbols', 'letter', 'list'] as const
type Way = (typeof ways)[number]

/** A single-use code for each of many people, as a job whose zip is fetched once: what it sets up, how long, how it is handed over. */
export const EnrolMany = ({ people, onClose }: { people: People; onClose: (acted: boolean) => void }) => {
  const { t, i18n } = useTranslation(['users', 'common'])
  useFocusBack()
  const navigate = useNavigate()
  const [factor, setFactor] = useState<EnrolFactor>('device')
  const [way, setWay] = useState<Way>('symbols')
  const [minutes, setMinutes] = useState<number | string>(1_440)
  const [symbols, setSymbols] = useState<SymbolFormat[]>(['png', 'pdf'])
  const job = useBulk(() => {
    onClose(true)
    void navigate({ to: '/bulk' })
  })
  const active = 'users' in people ? people.users.filter(({ state }) => state === 'active') : undefined
  const count = 'users' in people ? (active?.length ?? 0) : people.total
  const left = 'users' in people ? people.users.length - count : 0
  const errors = fieldErrors(job.error)
  if (count === 0)
    return (
      <NothingFits title={t('enrolMany.nothing')} onClose={() => onClose(false)}>
        {t('enrolMany.nothingText')}
      </NothingFits>
    )
  const ready = Number(minutes) >= 1 && (way !== 'symbols' || symbols.length > 0)
  return (
    <Modal
      opened
      onClose={() => onClose(false)}
      size={560}
      title={t('enrolMany.ask', { count })}
      closeButtonProps={{ 'aria-label': t('common:close') }}
    >
      <form
        onSubmit={(submit) => {
          submit.preventDefault()
          if (!ready) return
          job.mutate({
            action: 'issue',
            ...('filter' in people ? { userFilter: people.filter } : { userIds: active?.map(({ id }) => id) }),
            factor,
            expiresInMinutes: Number(minutes),
            symbols: way === 'symbols' ? symbols : [],
            ...(way === 'letter' ? { deliver: 'letter', language: i18n.language === 'pl' ? 'pl' : 'en' } : {}),
          })
        }}
      >
        <Stack gap="md">
          <p>{t('enrolMany.text')}</p>
          {left > 0 && <p className="t2">{t('enrolMany.left', { count: left })}</p>}
          <FactorChoice value={factor} onChange={setFactor} />
          <Radio.Group
            label={t('enrolMany.handOver')}
            value={way}
            onChange={(chosen) => {
              setWay(chosen as Way)
              setMinutes(chosen === 'letter' ? 20_160 : 1_440)
            }}
          >
            <Stack gap={4} mt={4}>
              {ways.map((each) => (
                <Radio key={each} value={each} label={t(`enrolMany.way.${each}`)} description={t(`enrolMany.wayText.${each}`)} />
              ))}
            </Stack>
          </Radio.Group>
          {way === 'symbols' && <Formats value={symbols} onChange={setSymbols} />}
          <MinutesField label={t('enrolMinutes')} value={minutes} error={errors.expiresInMinutes} onChange={setMinutes} />
          <p className="small t3">{t('enrolEndsBefore')}</p>
          {job.error && Object.keys(errors).length === 0 ? <Refused error={job.error} /> : null}
          <Group justify="flex-end" gap="sm">
            <Button variant="default" onClick={() => onClose(false)} data-autofocus>
              {t('common:cancel')}
            </Button>
            <Button type="submit" loading={job.isPending} disabled={!ready}>
              {t('enrolMany.verb', { count })}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
