import type { listDevices, Out } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Column } from '../../ui/DataTable.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import style from './Devices.module.css'
import { EndDevice } from './EndDevice.tsx'
import { KeptWord, LastUsed, Since } from './parts.tsx'
import { deviceLook, useSystemOf } from './words.ts'

export type Row = Out<typeof listDevices>['items'][number]

/** The columns of devices: of all of them, where a row leads to its person; or of one person, where each can be ended. */
export const useDeviceColumns = ({ person, may }: { person: boolean; may: boolean }): Column<Row>[] => {
  const { t } = useTranslation('devices')
  const systemOf = useSystemOf()
  return [
    {
      key: 'name',
      title: t('name'),
      narrow: 'first',
      cell: (row) => {
        const { name, model } = row
        const system = systemOf(row)
        return (
          <>
            <span className="strong">{name}</span> {model && model !== name && <span className="t3">{model}</span>}{' '}
            {system !== name && <span className={style.system}>{system}</span>}
          </>
        )
      },
    },
    {
      key: 'state',
      title: t('stateTitle'),
      narrow: 'first',
      cell: ({ state, stateAt }) => (
        <>
          <StateBadge look={deviceLook[state]}>{t(`state.${state}`)}</StateBadge> {stateAt && <TimeText at={stateAt} />}
        </>
      ),
    },
    ...(person
      ? [
          {
            key: 'person',
            title: t('person'),
            cell: ({ user }: Row) => <span className={style.person}>{user.username}</span>,
          },
        ]
      : []),
    { key: 'kept', title: t('kept'), cell: (row) => <KeptWord of={row} /> },
    { key: 'since', title: t('since'), narrow: 'none', cell: (row) => <Since of={row} /> },
    { key: 'used', title: t('lastUsed'), labelled: true, cell: (row) => <LastUsed of={row} /> },
    {
      key: 'act',
      title: t(may ? 'act' : 'events'),
      untitled: true,
      narrow: 'third',
      cell: (row) => (
        <span className={style.links}>
          <Link to="/events" search={{ deviceId: row.id } as never} aria-label={t('eventsOf', { name: row.name })}>
            {t('events')}
          </Link>
          <Link to="/codes" search={{ device: row.id } as never} aria-label={t('codesOf', { name: row.name })}>
            {t('codes')}
          </Link>
          {may && row.state === 'active' && <EndDevice device={row} person={row.user.username} />}
        </span>
      ),
    },
  ]
}
