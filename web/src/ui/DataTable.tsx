import { Button, Checkbox } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { KeyboardEvent, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import style from './DataTable.module.css'
import { Loading } from './Loading.tsx'
import { Refused } from './Refused.tsx'
import type { Selection } from './selection.ts'

export type Column<T> = {
  key: string
  title: string
  cell: (row: T) => ReactNode
  number?: boolean
  /** The title is for screen readers alone: a column of buttons. */
  untitled?: boolean
  /** Words that belong together stay in one line as long as rows have one. */
  whole?: boolean
  /**
   * In little room a row has two lines: `first` (name and state) and `second` (facts); `third` is a line of its own for what can
   * be done; `none` is left out there.
   */
  narrow?: 'first' | 'second' | 'third' | 'none'
  /** There its title stands before what says nothing alone: a day, "never". */
  labelled?: boolean | ((row: T) => boolean)
}

/**
 * Rows of one list. The row is a link (middle click works): its first cell holds it, and it covers the row. While a new page or
 * filter loads the last rows stay, dimmed. `empty` says why there is nothing: nothing yet, nothing matches, or not allowed.
 * With a `selection` each row has a box; on a row's link Space or `x` takes it, Shift with it or with an arrow extends, arrows move.
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
  refused,
  onRetry,
  empty,
  more,
  selection,
  nameOf,
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
  /** What the page itself says of a refusal, in place of the general words. */
  refused?: ReactNode
  onRetry?: () => void
  empty: ReactNode
  more?: { has: boolean; busy: boolean; load: () => void }
  selection?: Selection | undefined
  /** What a row is called, where it can be selected. */
  nameOf?: (row: T) => string
}) {
  const { t } = useTranslation()
  if (error && !rows)
    return (
      <div className={style.box}>
        <div className={style.said}>{refused ?? <Refused error={error} {...(onRetry ? { onRetry } : {})} />}</div>
      </div>
    )
  if (pending || !rows)
    return (
      <div className={style.box}>
        <div className={style.said}>
          <Loading lines={8} />
        </div>
      </div>
    )
  if (rows.length === 0) return empty
  const shown = selection ? rows.map(rowKey) : []
  const chosen = shown.filter((key) => selection?.has(key)).length
  return (
    <div className={style.box}>
      <table className={style.table} aria-label={label} data-stale={stale ? '' : undefined} aria-busy={stale}>
        <thead>
          <tr>
            {selection && (
              <th scope="col" className={style.select}>
                <Checkbox
                  size="xs"
                  aria-label={t('table.selectAll')}
                  checked={chosen === shown.length}
                  indeterminate={chosen > 0 && chosen < shown.length}
                  onChange={(click) => selection.setAll(shown, click.currentTarget.checked)}
                />
              </th>
            )}
            {columns.map(({ key, title, number, untitled, narrow }) => (
              <th key={key} scope="col" data-narrow={narrow} className={number ? 'num' : undefined}>
                {untitled ? <span className="sr-only">{title}</span> : title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              data-link={rowLink ? '' : undefined}
              data-selected={selection?.has(rowKey(row)) ? '' : undefined}
              onKeyDown={selection && ((press) => byKeys(press, selection, rowKey(row), shown))}
            >
              {selection && (
                <td className={style.select} data-narrow="first">
                  <Checkbox
                    size="xs"
                    aria-label={t('table.select', { name: nameOf?.(row) ?? rowKey(row) })}
                    checked={selection.has(rowKey(row))}
                    // the click knows of Shift, the change does not
                    onClick={(click) => selection.toggle(rowKey(row), shown, click.shiftKey)}
                    onChange={() => {}}
                  />
                </td>
              )}
              {columns.map(({ key, title, cell, number, untitled, whole, narrow = 'second', labelled = false }, at) => (
                <td
                  key={key}
                  data-narrow={narrow}
                  data-whole={whole || untitled ? '' : undefined}
                  data-acts={untitled ? '' : undefined}
                  data-label={(typeof labelled === 'function' ? labelled(row) : labelled) ? `${title}: ` : undefined}
                  className={number ? 'num' : undefined}
                >
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
    </div>
  )
}

/** The keys of a row whose link has the focus; with Ctrl, Alt or the like they are the browser's. */
const byKeys = (press: KeyboardEvent<HTMLTableRowElement>, selection: Selection, key: string, shown: readonly string[]) => {
  if (!(press.target instanceof HTMLAnchorElement) || press.ctrlKey || press.metaKey || press.altKey) return
  const row = press.currentTarget
  if (press.key === ' ' || press.key.toLowerCase() === 'x') selection.toggle(key, shown, press.shiftKey)
  else if (press.key === 'ArrowDown' || press.key === 'ArrowUp') {
    const to = press.key === 'ArrowDown' ? row.nextElementSibling : row.previousElementSibling
    const next = shown[shown.indexOf(key) + (press.key === 'ArrowDown' ? 1 : -1)]
    if (!to || next === undefined) return
    if (press.shiftKey) selection.setAll([key, next], true)
    to.querySelector<HTMLElement>('a')?.focus()
  } else return
  press.preventDefault()
}
