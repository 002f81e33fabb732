import { Table } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { apps, type Said, settingsInQuestion } from './apps.ts'
import style from './EnrolPage.module.css'

const looks = { yes: 'success', no: 'failure', varies: 'caution', unknown: 'plain' } as const

/** What each app does with other settings; every cell with its source and date. */
export const AppsTable = () => {
  const { t } = useTranslation('enrol')
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a table wider than the screen is scrolled by keyboard too
    <section className={style.scroll} aria-label={t('advanced.table')} tabIndex={0}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('choose.app')}</Table.Th>
            {settingsInQuestion.map((setting) => (
              <Table.Th key={setting} scope="col">
                {t(`settings.${setting}`)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {apps.map(
            ({ id, name, settings }) =>
              settings && (
                <Table.Tr key={id}>
                  <Table.Th scope="row">
                    <a href={`/apps/${id}`} target="_blank" rel="noreferrer">
                      {name}
                    </a>
                  </Table.Th>
                  {settingsInQuestion.map((setting) => (
                    <Table.Td key={setting}>
                      <Cell said={settings[setting]} />
                    </Table.Td>
                  ))}
                </Table.Tr>
              ),
          )}
        </Table.Tbody>
      </Table>
    </section>
  )
}
const Cell = ({ said: { verdict, source, url, date } }: { said: Said }) => {
  const { t } = useTranslation('enrol')
  return (
    <>
      <StateBadge look={looks[verdict]}>{t(`verdict.${verdict}`)}</StateBadge>
      {url && (
        <div className={style.source}>
          <a href={url} rel="noreferrer" target="_blank">
            {source}
          </a>
          , <span className="nowrap">{date}</span>
        </div>
      )}
    </>
  )
}
