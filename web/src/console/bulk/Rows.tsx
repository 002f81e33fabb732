import type { ImportRow } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconX } from '../../ui/icons.ts'
import style from './Import.module.css'

/** Rows of a file as they will be; what is wrong stands in its cell. A wide file scrolls in itself. */
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
                <th scope="row" className="num">
                  {row}
                  {whole.map(({ column, message }) => (
                    <Wrong key={message} says={column ? `${column}: ${message}` : message} />
                  ))}
                </th>
                {columns.map((column) => (
                  <td key={column}>
                    {values[column] ?? ''}
                    {errors
                      .filter((error) => error.column === column)
                      .map(({ message }) => (
                        <Wrong key={message} says={message} />
                      ))}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}

/** In the reader's language where we know the message; what was typed stands in some of them. */
const Wrong = ({ says }: { says: string }) => {
  const { t, i18n } = useTranslation('bulk')
  const [, value = '', rest = says] = /^(.*) (is no (?:role|way to enrol): .*)$/s.exec(says) ?? []
  const key = `import.says.${rest.toLowerCase().replace(/[^a-z]+/g, '_')}`
  return (
    <div className={style.wrong}>
      <Icon of={IconX} size={12} />
      {i18n.exists(`bulk:${key}`) ? t(key as 'import.says.is_no_role_user_auditor_operator_or_owner', { value }) : says}
    </div>
  )
}
