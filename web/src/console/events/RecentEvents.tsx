import { type CallIn, listEvents } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Bleed } from '../../ui/Columns.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { useList } from '../calls.ts'
import { useEventColumns } from './columns.tsx'

/** The last few events of a person or a code, on its page. */
export const RecentEvents = ({ filter }: { filter: CallIn<typeof listEvents> }) => {
  const { t } = useTranslation('events')
  const { more: _more, ...events } = useList(listEvents, { ...filter, limit: 10 })
  const columns = useEventColumns().filter(({ key }) => key !== 'code' && key !== 'device')
  return (
    <Bleed>
      <DataTable
        label={t('title')}
        {...events}
        columns={columns}
        rowKey={({ id }) => id}
        rowLink={({ id }) => `/events/${id}`}
        empty={<p className="t2">{t('none')}</p>}
      />
    </Bleed>
  )
}
