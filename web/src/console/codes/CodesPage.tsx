import { Button, Tabs, TextInput } from '@mantine/core'
import { type CallIn, type Code, codeStates, listCodes } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { FilterChips, useUrlFilters } from '../../ui/FilterChips.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { IconSearch } from '../../ui/icons.ts'
import { Page } from '../../ui/Page.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { useList } from '../calls.ts'
import style from './CodesPage.module.css'
import { codeLook } from './words.ts'

/** Every code of the deployment: kind, state, whom it is for, how often it was opened. Never a secret. */
export default function CodesPage() {
  const { t } = useTranslation(['codes', 'common'])
  const { values, set, clear, any } = useUrlFilters(['state', 'q', 'userId'])
  const codes = useList(listCodes, values as CallIn<typeof listCodes>)
  return (
    <Page
      title={t('title')}
      gutter={false}
      bar={
        <>
          <Tabs
            value={values.state ?? 'all'}
            onChange={(state) => set({ state: state === 'all' || !state ? undefined : state })}
            aria-label={t('states')}
          >
            <Tabs.List>
              <Tabs.Tab value="all">{t('all')}</Tabs.Tab>
              {codeStates
                .filter((state) => state !== 'used-up')
                .map((state) => (
                  <Tabs.Tab key={state} value={state}>
                    {t(`state.${state}`)}
                  </Tabs.Tab>
                ))}
            </Tabs.List>
          </Tabs>
          <TextInput
            className={style.search}
            aria-label={t('search')}
            placeholder={t('search')}
            leftSection={<Icon of={IconSearch} />}
            value={values.q ?? ''}
            onChange={(typing) => set({ q: typing.currentTarget.value || undefined })}
          />
          {values.userId && (
            <FilterChips
              filters={[{ key: 'userId', label: t('person') }]}
              values={values}
              onChange={(key, value) => set({ [key]: value })}
            />
          )}
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
            <Empty title={t('none')}>{t('noneText')}</Empty>
          )
        }
      />
    </Page>
  )
}

/** The columns of codes, shared with the page of a person. */
export const useCodeColumns = (): Column<Code>[] => {
  const { t } = useTranslation(['codes', 'common'])
  return [
    {
      key: 'label',
      title: t('name'),
      narrow: 'first',
      cell: ({ label, kind }) => <span className="strong">{label || t(`kind.${kind}`)}</span>,
    },
    {
      key: 'state',
      title: t('stateTitle'),
      narrow: 'first',
      cell: ({ state }) => <StateBadge look={codeLook[state]}>{t(`state.${state}`)}</StateBadge>,
    },
    { key: 'kind', title: t('kindTitle'), cell: ({ kind, bootstrap }) => (bootstrap ? t('kind.bootstrap') : t(`kind.${kind}`)) },
    { key: 'whom', title: t('whom'), cell: ({ user }) => user?.username ?? t('nobody') },
    { key: 'by', title: t('issuedBy'), narrow: 'none', cell: ({ issuedBy }) => issuedBy ?? t('common:notKnown') },
    { key: 'scans', title: t('scans'), number: true, cell: ({ scans }) => scans },
    {
      key: 'last',
      title: t('lastOpened'),
      narrow: 'none',
      cell: ({ lastScan }) => (lastScan ? <TimeText at={lastScan.at} /> : t('never')),
    },
    { key: 'ends', title: t('ends'), cell: ({ expiresAt }) => <TimeText at={expiresAt} as="moment" /> },
  ]
}
