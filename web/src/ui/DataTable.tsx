import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import style from './DataTable.module.css'
import { Loading } from './Loading.tsx'
import { Refused } from './Refused.tsx'

export type Column<T> = {
  key: string
  title: string
  cell: (row: T) => ReactNode
  number?: boolean
  /** The title is for screen readers alone: a column of buttons. */
  untitled?: boolean
  /** Under 600 px a row has two lines: `first` (name and state) and `second` (facts); `none` is left out there. */
  narrow?: 'first' | 'second' | 'none'
}

/**
 * Rows of one list. The row is a link (middle click works): its first cell holds it, and it covers the row. While a new page or
 * filter loads the last rows stay, dimmed. `empty` says why there is nothing: nothing yet, nothing matches, or not allowed.
 */
export function DataTable<T>({
  label,
  rows,
  columns,
  rowKey,
  rowLink,
  pending = false,
  stale = false,
  error,
  onRetry,
  empty,
  more,
}: {
  /** What the table is, for screen readers. */
  label: string
  rows: readonly T[] | undefined
  columns: readonly Column<T>[]
  rowKey: (row: T) => string
  rowLink?: (row: T) => string
  pending?: boolean
  /** The rows shown belong to the question before. */
  stale?: boolean
  error?: unknown
  onRetry?: () => void
  empty: ReactNode
  more?: { has: boolean; busy: boolean; load: () => void }
}) {
  const { t } = useTranslation()
  if (error && !rows)
    return (
      <div className={style.said}>
        <Refused error={error} {...(onRetry ? { onRetry } : {})} />
      </div>
    )
  if (pending || !rows)
    return (
      <div className={style.said}>
        <Loading lines={8} />
      </div>
    )
  if (rows.length === 0) return empty
  return (
    <>
      <table className={style.table} aria-label={label} data-stale={stale ? '' : undefined} aria-busy={stale}>
        <thead>
          <tr>
            {columns.map(({ key, title, number, untitled }) => (
              <th key={key} scope="col" className={number ? 'num' : undefined}>
                {untitled ? <span className="sr-only">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} data-link={rowLink ? '' : undefined}>
              {columns.map(({ key, title, cell, number, narrow = 'second' }, at) => (
                <td key={key} data-narrow={narrow} data-title={title} className={number ? 'num' : undefined}>
                  {at === 0 && rowLink ? (
                    <Link to={rowLink(row)} className={style.link}>
                      {cell(row)}
                    </Link>
                  ) : (
                    cell(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {more?.has && (
        <div className={style.more}>
          <Button variant="default" loading={more.busy} onClick={more.load}>
            {t('table.more')}
          </Button>
        </div>
      )}
    </>
  )
}
