import { Button, UnstyledButton } from '@mantine/core'
import { bulkCodes, type CallIn, listUsers, roles, type User, userStates } from '@postern/contract'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useBadFilters } from '../../ui/BadFilter.tsx'
import { type Column, DataTable } from '../../ui/DataTable.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { FilterBar } from '../../ui/FilterBar.tsx'
import { type Filter as Chip, FilterChips, useUrlFilters } from '../../ui/FilterChips.tsx'
import { NothingMatches } from '../../ui/NothingMatches.tsx'
import { Page } from '../../ui/Page.tsx'
import { Refused } from '../../ui/Refused.tsx'
import { SearchField } from '../../ui/SearchField.tsx'
import { SelectedBar } from '../../ui/SelectedBar.tsx'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { type Selection, useSelection } from '../../ui/selection.ts'
import { TimeText } from '../../ui/TimeText.tsx'
import { useAction, useList } from '../calls.ts'
import { useMay } from '../session.ts'
import { EnrolMany, type People, type PeopleFilter } from './EnrolMany.tsx'
import { FactorIcons } from './FactorIcons.tsx'
import style from './Users.module.css'
import { userLook } from './words.ts'

/** The people of this deployment: who they are, what they sign in with, what is due. */
export default function UsersPage() {
  const { t } = useTranslation(['users', 'bulk', 'common'])
  const { values, set, clear, any } = useUrlFilters(['q', 'state', 'role', 'due'])
  const users = useList(listUsers, values as CallIn<typeof listUsers>)
  const may = useMay('operator')
  const { q, ...chips } = values
  const selection = useSelection(JSON.stringify(values))
  const selected = users.rows?.filter(({ id }) => selection.keys.has(id)) ?? []
  const filters: Chip[] = [
    { key: 'state', label: t('stateTitle'), options: userStates.map((value) => ({ value, label: t(`state.${value}`) })) },
    { key: 'role', label: t('roles'), options: roles.map((value) => ({ value, label: t(`common:role.${value}`) })) },
    {
      key: 'due',
      label: t('due'),
      options: [
        { value: 'true', label: t('common:yes') },
        { value: 'false', label: t('common:no') },
      ],
    },
  ]
  const refused = useBadFilters(users.error, filters, values, set)
  const columns: Column<User>[] = [
    {
      key: 'name',
      title: t('name'),
      narrow: 'first',
      cell: ({ username, displayName }) => (
        <>
          {username} {displayName && <span className="t3">{displayName}</span>}
        </>
      ),
    },
    { key: 'roles', title: t('roles'), cell: (user) => user.roles.map((role) => t(`common:role.${role}`)).join(', ') },
    {
      key: 'state',
      title: t('stateTitle'),
      narrow: 'first',
      cell: ({ state }) => <StateBadge look={userLook[state]}>{t(`state.${state}`)}</StateBadge>,
    },
    { key: 'factors', title: t('factors'), cell: (user) => <FactorIcons of={user} /> },
    {
      key: 'due',
      title: t('due'),
      cell: (user) => <Due of={user} />,
    },
    {
      key: 'seen',
      title: t('lastSignIn'),
      whole: true,
      labelled: ({ state }) => state !== 'offboarded',
      cell: ({ lastSignInAt, state }) =>
        lastSignInAt ? <TimeText at={lastSignInAt} /> : <span className="t3">{state === 'offboarded' ? '' : t('never')}</span>,
    },
  ]
  const create = may && (
    <Button component={Link} to="/users/new">
      {t('create')}
    </Button>
  )
  const fromFile = may && (
    <Button component={Link} to="/users/import" variant="default">
      {t('bulk:import.link')}
    </Button>
  )
  return (
    <Page
      title={t('title')}
      gutter={false}
      actions={
        <>
          {fromFile}
          {create}
        </>
      }
      bar={
        <>
          <SearchField label={t('search')} value={q} onChange={(typed) => set({ q: typed })} />
          <FilterBar set={Object.keys(chips).length}>
            <FilterChips filters={filters} values={values} onChange={(key, value) => set({ [key]: value })} />
          </FilterBar>
        </>
      }
    >
      <DataTable
        label={t('title')}
        {...users}
        refused={refused}
        columns={columns}
        rowKey={({ id }) => id}
        rowLink={({ id }) => `/users/${id}`}
        selection={may ? selection : undefined}
        nameOf={({ username }) => username}
        empty={
          any ? (
            <NothingMatches onClear={clear} />
          ) : (
            <Empty title={t('none')} action={create}>
              {t(may ? 'noneText' : 'noneAuditor')}
            </Empty>
          )
        }
      />
      <Selected selection={selection} users={selected} filter={values as PeopleFilter} more={users.more.has} />
    </Page>
  )
}

/** What a person has to see to, or an operator for them; nothing where nothing is due. */
const Due = ({ of: { enrolmentDue, wayBack, totpKey, locked, lockedForKnown } }: { of: User }) => {
  const { t } = useTranslation('users')
  const enrol = enrolmentDue && !wayBack
  const renew = totpKey?.renewalDue
  const closed = locked.length + lockedForKnown.length > 0
  if (!enrol && !renew && !closed) return null
  return (
    <span className={style.due}>
      {enrol && <StateBadge look="caution">{t('isDue')}</StateBadge>}
      {renew && <StateBadge look="caution">{t('isRenewalDue')}</StateBadge>}
      {closed && <StateBadge look="denied">{t('isLocked')}</StateBadge>}
    </span>
  )
}

/** What can be done with the selected people. */
const Selected = ({
  selection,
  users,
  filter,
  more,
}: {
  selection: Selection
  users: readonly User[]
  /** What the list asks for; `more`: it finds more than is shown. */
  filter: PeopleFilter
  more: boolean
}) => {
  const { t } = useTranslation('users')
  // whom it is about stays, though the list may lose these rows while the dialogue is open
  const [asked, setAsked] = useState<People>()
  const look = useAction(bulkCodes)
  const ask = async () => {
    if (!selection.all) return setAsked({ users })
    // how many of them are active now, to the last one
    const { total } = await look.mutateAsync({ action: 'issue', userFilter: filter, dryRun: true })
    setAsked({ filter, total })
  }
  return (
    <>
      {look.error && (
        <div className={style.looked}>
          <Refused error={look.error} />
        </div>
      )}
      {(selection.all || users.length > 0) && (
        <SelectedBar
          label={t('many.label')}
          said={selection.all ? t('many.all') : t('many.selected', { count: users.length })}
          everything={!selection.all && more ? { words: t('many.everything'), take: selection.everything } : undefined}
          onClear={selection.clear}
        >
          <UnstyledButton disabled={look.isPending} onClick={() => void ask().catch(() => {})}>
            {t('enrolMany.issue')}
          </UnstyledButton>
        </SelectedBar>
      )}
      {asked && (
        <EnrolMany
          people={asked}
          onClose={(acted) => {
            setAsked(undefined)
            if (acted) selection.clear()
          }}
        />
      )}
    </>
  )
}
