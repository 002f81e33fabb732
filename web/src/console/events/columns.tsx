import type { Event } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { shortId } from '../../ui/CopyId.tsx'
import type { Column } from '../../ui/DataTable.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import style from './EventsPage.module.css'
import { outcomeLook, useEventWords } from './words.ts'

/** The columns of events: of the whole record, and of the few that stand on a person's or a code's page. */
export const useEventColumns = (): Column<Event>[] => {
  const { t } = useTranslation(['events', 'common'])
  const words = useEventWords()
  return [
    { key: 'time', title: t('time'), narrow: 'first', cell: ({ time }) => <TimeText at={time} as="clock" /> },
    {
      key: 'outcome',
      title: t('outcomeTitle'),
      narrow: 'first',
      cell: ({ outcome }) => <StateBadge look={outcomeLook[outcome]}>{words.outcome(outcome)}</StateBadge>,
    },
    {
      key: 'who',
      title: t('who'),
      cell: (event) => (
        <span className={`${event.actor.name && event.actor.kind !== 'stranger' ? 'strong' : 't2'} ${style.name}`}>
          {words.who(event)}
        </span>
      ),
    },
    {
      key: 'what',
      title: t('what'),
      cell: (event) => {
        const whom = words.whom(event)
        return (
          <>
            {words.what(event)}
            {whom && <span className={`t2 ${style.name}`}>: {whom}</span>}
          </>
        )
      },
    },
    {
      key: 'where',
      title: t('where'),
      cell: ({ place }) => words.place(place) ?? <span className="t3">{t('common:notKnown')}</span>,
    },
    {
      key: 'code',
      title: t('code'),
      narrow: 'none',
      cell: ({ codeId }) =>
        codeId && (
          <Link to="/codes/$id" params={{ id: codeId }} className="mono" title={codeId}>
            {shortId(codeId)}
          </Link>
        ),
    },
    { key: 'device', title: t('device'), narrow: 'none', cell: ({ device }) => words.device(device) },
  ]
}
