import { Button } from '@mantine/core'
import { type Brand, type CallIn, listBrands } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useBadFilters } from '../../ui/BadFilter.tsx'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { type Filter, FilterChips, useUrlFilters } from '../../ui/FilterChips.tsx'
import { Page } from '../../ui/Page.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useList } from '../calls.ts'
import { useMay } from '../session.ts'
import { BrandSymbol } from './BrandSymbol.tsx'
import style from './Brands.module.css'

/** Every brand kit: how its symbols look, whether they scan, and how many codes it draws. */
export default function BrandsPage() {
  const { t } = useTranslation(['brands', 'common'])
  const may = useMay('operator')
  const { values, set, clear, any } = useUrlFilters(['archived'])
  const brands = useList(listBrands, values as CallIn<typeof listBrands>)
  const filters: Filter[] = [
    {
      key: 'archived',
      label: t('archive'),
      options: (['yes', 'all'] as const).map((value) => ({ value, label: t(`archived.${value}`) })),
    },
  ]
  const refused = useBadFilters(brands.error, filters, values, set)
  return (
    <Page
      title={t('title')}
      gutter={false}
      actions={
        may && (
          <Button component={Link} to="/brands/new">
            {t('make')}
          </Button>
        )
      }
      bar={<FilterChips filters={filters} values={values} onChange={(key, value) => set({ [key]: value })} />}
    >
      <DataTable
        label={t('title')}
        {...brands}
        refused={refused}
        columns={useColumns()}
        rowKey={({ id }) => id}
        rowLink={({ id }) => `/brands/${id}`}
        empty={
          <Empty
            title={any ? t('common:filter.nothing') : t('none')}
            action={
              any && (
                <Button variant="default" onClick={clear}>
                  {t('common:filter.clear')}
                </Button>
              )
            }
          >
            {any ? t('common:filter.nothingText') : t('noneText')}
          </Empty>
        }
      />
    </Page>
  )
}

const useColumns = (): Column<Brand>[] => {
  const { t } = useTranslation(['brands', 'common'])
  return [
    {
      key: 'name',
      narrow: 'first',
      title: t('name'),
      cell: ({ id, name, version, isDefault, archivedAt }) => (
        <span className={style.named}>
          <BrandSymbol id={id} version={version} />
          <span>
            {name}
            {(isDefault || archivedAt) && <small>{t(isDefault ? 'isDefault' : 'isArchived')}</small>}
          </span>
        </span>
      ),
    },
    {
      key: 'proof',
      title: t('proof'),
      narrow: 'first',
      cell: ({ proof }) => (
        <StateBadge look={proof.passes ? 'success' : 'failure'}>{t(proof.passes ? 'scans' : 'scansNot')}</StateBadge>
      ),
    },
    { key: 'version', title: t('version'), cell: ({ version }) => version, number: true, narrow: 'none' },
    { key: 'codes', title: t('codes'), cell: ({ codes }) => t('drawn', { count: codes }), number: true },
    { key: 'savedBy', title: t('savedBy'), cell: ({ savedBy }) => savedBy || t('withPostern'), narrow: 'second' },
    {
      key: 'saved',
      title: t('saved'),
      cell: ({ savedAt }) => <TimeText at={savedAt} as="list" />,
      number: true,
      narrow: 'second',
    },
  ]
}
