import { Select } from '@mantine/core'
import { listBrands } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useCall } from '../calls.ts'
import { BrandSymbol } from './BrandSymbol.tsx'
import style from './Brands.module.css'

/**
 * Which kit draws a code: the id of one, or null for the default, whichever that is. `named` is the kit that the code has now,
 * which may be archived and then stays a choice.
 */
export const BrandPicker = ({
  value,
  onChange,
  named,
  error,
  disabled = false,
}: {
  value: string | null
  onChange: (brand: string | null) => void
  named?: { id: string; name: string } | null
  error?: ReactNode
  disabled?: boolean
}) => {
  const { t } = useTranslation(['brands', 'common'])
  const { data } = useCall(listBrands, { limit: 200 })
  const kits = data?.items ?? []
  const standard = kits.find(({ isDefault }) => isDefault)
  const shown = value === null ? standard : kits.find(({ id }) => id === value)
  const known = kits.map(({ id, name }) => ({ value: id, label: name }))
  const options = [
    { value: '', label: standard ? t('pick.default', { name: standard.name }) : t('pick.defaultAlone') },
    ...known,
    ...(named && !known.some(({ value: id }) => id === named.id) && data ? [{ value: named.id, label: named.name }] : []),
  ]
  return (
    <div className={style.picker}>
      <Select
        label={t('pick.label')}
        description={t('pick.text')}
        data={options}
        value={value ?? ''}
        onChange={(chosen) => onChange(chosen || null)}
        allowDeselect={false}
        searchable={options.length > 8}
        disabled={disabled}
        error={error}
      />
      {shown && (
        <Link to="/brands/$id" params={{ id: shown.id }} aria-label={t('pick.open', { name: shown.name })}>
          <BrandSymbol id={shown.id} version={shown.version} />
        </Link>
      )}
    </div>
  )
}
