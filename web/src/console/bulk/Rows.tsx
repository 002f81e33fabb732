import type { ImportRow } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconX } from '../../ui/icons.ts'
import style from './Import.module.css'

/** Rows of a file as they will be; what is wrong stands in its cell. A wide file scrolls in itself; on a phone each cell is a line. */
export const Rows = ({ rows, columns }: { rows: readonly ImportRow[]; columns: readonly string[] }) => {
  const { t } = useTranslation('bulk')
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={style.scroll} tabIndex={0} aria-label={t('import.rows')}>
      <table className={style.rows}>
        <thead>
          <tr>
            <th scope="col" className="num">
              {t('import.row')}
            </th>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ row, values, errors }) => {
            const whole = errors.filter(({ column }) => !columns.includes(column))
            return (
              <tr key={row} data-wrong={errors.length > 0 ? '' : undefined}>
                <th scope="row" className="num" data-name={t('import.row')}>
                  {row}
                  {whole.map((error) => (
                    <Wrong key={error.message} error={error} named />
                  ))}
                </th>
                {columns.map((column) => {
                  const wrong = errors.filter((error) => error.column === column)
                  const value = values[column] ?? ''
                  return (
                    <td key={column} data-name={column} data-none={value === '' && wrong.length === 0 ? '' : undefined}>
                      {value}
                      {wrong.map((error) => (
                        <Wrong key={error.message} error={error} />
                      ))}
                    </td>
                  )
                })}
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}

/** In the reader's language where we have words for it; a column may have its own. */
const Wrong = ({ error, named = false }: { error: ImportRow['errors'][number]; named?: boolean }) => {
  const { t, i18n } = useTranslation('bulk')
  const { column, message, code, values } = error
  const key = [`${column}_${code}`, `${code}`].find((each) => i18n.exists(`bulk:import.says.${each}`))
  const says = key ? String(t(`import.says.${key}` as 'import.says.taken', values as never)) : message
  return (
    <div className={style.wrong}>
      <Icon of={IconX} size={12} />
      {named && column ? `${column}: ${says}` : says}
    </div>
  )
}
