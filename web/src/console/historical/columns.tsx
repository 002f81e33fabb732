import type { HistoricalItem } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { shortId } from '../../ui/CopyId.tsx'
import type { Column } from '../../ui/DataTable.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { IconKey, IconQrcode } from '../../ui/icons.ts'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import { codeLook } from '../codes/words.ts'
import style from './Historical.module.css'

export const useHistoricalColumns = (nameOf: (item: HistoricalItem) => string): Column<HistoricalItem>[] => {
  const { t } = useTranslation(['historical', 'codes'])
  return [
    {
      key: 'name',
      title: t('what'),
      narrow: 'first',
      cell: (item) => (
        <span className={style.name}>
          <Icon of={item.kind === 'key' ? IconKey : IconQrcode} />
          {nameOf(item)} <span className={style.id}>{shortId(item.id)}</span>
        </span>
      ),
    },
    {
      key: 'state',
      title: t('state'),
      narrow: 'first',
      cell: ({ state }) =>
        state === 'active' || state === 'pending' ? (
          <StateBadge look={state === 'active' ? 'active' : 'waiting'}>{t(`keyState.${state}`)}</StateBadge>
        ) : (
          <StateBadge look={codeLook[state]}>{t(`codes:state.${state}`)}</StateBadge>
        ),
    },
    { key: 'made', title: t('made'), labelled: true, cell: ({ createdAt }) => <TimeText at={createdAt} as="moment" /> },
    { key: 'from', title: t('cameOf'), whole: true, cell: (item) => <CameOf item={item} /> },
    {
      key: 'confirmed',
      title: t('confirmed'),
      narrow: 'none',
      cell: ({ confirmedAt }) => confirmedAt && <TimeText at={confirmedAt} as="moment" />,
    },
    {
      key: 'used',
      title: t('lastUsed'),
      labelled: true,
      cell: ({ lastUsedAt }) => (lastUsedAt ? <TimeText at={lastUsedAt} /> : <span className="t3">{t('never')}</span>),
    },
    {
      key: 'due',
      title: t('renewal'),
      cell: ({ renewBy, renewalDue }) =>
        renewalDue ? (
          <StateBadge look="caution">{t('isDue')}</StateBadge>
        ) : (
          renewBy && (
            <>
              {t('from_date')} <TimeText at={renewBy} as="moment" />
            </>
          )
        ),
    },
  ]
}
/** How a key came: from elsewhere, of a code, or by its person in the set-up. A code is issued. */
const CameOf = ({ item: { kind, origin, codeId } }: { item: HistoricalItem }) => {
  const { t } = useTranslation('historical')
  if (kind === 'code') return t('of.issued')
  if (origin === 'imported') return <StateBadge look="caution">{t('from.imported')}</StateBadge>
  return codeId ? (
    <>
      {t('of.code')} <span className={style.id}>{shortId(codeId)}</span>
    </>
  ) : (
    t('of.wizard')
  )
}
