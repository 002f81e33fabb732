import { Button } from '@mantine/core'
import { type CallIn, codeKinds, codeStates, listCodes } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { FilterBar } from '../../ui/FilterBar.tsx'
import { FilterChips, useUrlFilters } from '../../ui/FilterChips.tsx'
import { Page } from '../../ui/Page.tsx'
import { SearchField } from '../../ui/SearchField.tsx'
import { useList } from '../calls.ts'
import { PersonChip } from '../users/PersonChip.tsx'
import style from './Codes.module.css'
import { useCodeColumns } from './columns.tsx'

/** Codes that authenticate have one claim and no limit of scans: `used-up` comes with other kinds. */
const tabs = codeStates.filter((state) => state !== 'used-up')

/** Every code of the deployment: kind, state, whom it is for, how often it was opened. Never a secret. */
export default function CodesPage() {
  const { t } = useTranslation(['codes', 'common'])
  const { values, set, clear, any } = useUrlFilters(['state', 'kind', 'userId', 'q'])
  const codes = useList(listCodes, values as CallIn<typeof listCodes>)
  const { state, q, ...chips } = values
  const tab = (value: (typeof tabs)[number] | undefined, name: string) => (
    <Link
      key={name}
      to="/codes"
      search={((before: object) => ({ ...before, state: value })) as never}
      replace
      aria-current={state === value ? 'page' : undefined}
    >
      {name}
    </Link>
  )
  return (
    <Page
      title={t('title')}
      gutter={false}
      bar={
        <>
          <nav className={style.tabs} aria-label={t('states')}>
            {tab(undefined, t('all'))}
            {tabs.map((value) => tab(value, t(`state.${value}`)))}
          </nav>
          <SearchField label={t('search')} value={q} onChange={(typed) => set({ q: typed })} />
          <FilterBar set={Object.keys(chips).length}>
            <PersonChip id={values.userId} onChange={(userId) => set({ userId })} />
            <FilterChips
              filters={[
                {
                  key: 'kind',
                  label: t('kindTitle'),
                  options: codeKinds.map((value) => ({ value, label: t(`kindShort.${value}`) })),
                },
              ]}
              values={values}
              onChange={(key, value) => set({ [key]: value })}
            />
          </FilterBar>
        </>
      }
    >
      <DataTable
        label={t('title')}
        {...codes}
        columns={useCodeColumns()}
        rowKey={({ id }) => id}
        rowLink={({ id }) => `/codes/${id}`}
        empty={
          any ? (
            <Empty
              title={t('common:filter.nothing')}
              action={
                <Button variant="default" onClick={clear}>
                  {t('common:filter.clear')}
                </Button>
              }
            >
              {t('common:filter.nothingText')}
            </Empty>
          ) : (
            <Empty
              title={t('none')}
              action={
                <Button component={Link} to="/users" variant="default">
                  {t('toUsers')}
                </Button>
              }
            >
              {t('noneText')}
            </Empty>
          )
        }
      />
    </Page>
  )
}
