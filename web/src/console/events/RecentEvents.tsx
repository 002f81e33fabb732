import { type CallIn, type Event, listEvents } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { countryName } from '../../ui/places.ts'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useList } from '../calls.ts'
import { outcomeLook, useEventWords } from './words.ts'

/** The last few events of a person or a code, on its page. */
export const RecentEvents = ({ filter }: { filter: CallIn<typeof listEvents> }) => {
  const { t, i18n } = useTranslation(['events', 'common'])
  const words = useEventWords()
  const { more: _more, ...events } = useList(listEvents, { ...filter, limit: 10 })
  const columns: Column<Event>[] = [
    { key: 'time', title: t('time'), narrow: 'first', cell: ({ time }) => <TimeText at={time} as="clock" /> },
    {
      key: 'outcome',
      title: t('outcomeTitle'),
      narrow: 'first',
      cell: ({ outcome }) => <StateBadge look={outcomeLook[outcome]}>{words.outcome(outcome)}</StateBadge>,
    },
    { key: 'what', title: t('what'), cell: (event) => words.what(event) },
    { key: 'who', title: t('who'), cell: (event) => words.who(event) },
    { key: 'where', title: t('where'), cell: ({ place }) => countryName(place?.country, i18n.language) ?? t('common:notKnown') },
  ]
  return (
    <DataTable
      label={t('title')}
      {...events}
      columns={columns}
      rowKey={({ id }) => id}
      rowLink={({ id }) => `/events/${id}`}
      empty={<Empty title={t('none')} />}
    />
  )
}
