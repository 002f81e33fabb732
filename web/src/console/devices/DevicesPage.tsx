import { type CallIn, deviceStates, listDevices } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { useBadFilters } from '../../ui/BadFilter.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { FilterBar } from '../../ui/FilterBar.tsx'
import { type Filter, FilterChips, useUrlFilters } from '../../ui/FilterChips.tsx'
import { NothingMatches } from '../../ui/NothingMatches.tsx'
import { Page } from '../../ui/Page.tsx'
import { SearchField } from '../../ui/SearchField.tsx'
import { useList } from '../calls.ts'
import { PersonChip } from '../users/PersonChip.tsx'
import { useDeviceColumns } from './columns.tsx'

/** Every registered device: whose it is, whether its passkey can leave it, when it was used. */
export default function DevicesPage() {
  const { t } = useTranslation(['devices', 'common'])
  const { values, set, clear, any } = useUrlFilters(['q', 'state', 'synced', 'userId'])
  const devices = useList(listDevices, values as CallIn<typeof listDevices>)
  const chips = Object.keys(values).filter((key) => key !== 'q').length
  const filters: Filter[] = [
    {
      key: 'state',
      label: t('stateTitle'),
      options: deviceStates.map((value) => ({ value, label: t(`state.${value}`) })),
    },
    {
      key: 'synced',
      label: t('kept'),
      options: [
        { value: 'false', label: t('held') },
        { value: 'true', label: t('synced') },
      ],
    },
  ]
  const refused = useBadFilters(
    devices.error,
    [...filters, { key: 'userId', label: t('person'), hint: t('common:filter.badId') }],
    values,
    set,
  )
  return (
    <Page
      title={t('title')}
      gutter={false}
      bar={
        <>
          <SearchField label={t('search')} value={values.q} onChange={(typed) => set({ q: typed })} />
          <FilterBar set={chips}>
            <FilterChips filters={filters} values={values} onChange={(key, value) => set({ [key]: value })} />
            <PersonChip label={t('person')} id={values.userId} onChange={(userId) => set({ userId })} />
          </FilterBar>
        </>
      }
    >
      <DataTable
        label={t('title')}
        {...devices}
        refused={refused}
        columns={useDeviceColumns({ person: true, may: false })}
        rowKey={({ id }) => id}
        rowLink={({ user }) => `/users/${user.id}`}
        empty={any ? <NothingMatches onClear={clear} /> : <Empty title={t('none')}>{t('noneText')}</Empty>}
      />
    </Page>
  )
}
