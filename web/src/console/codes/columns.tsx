import type { Code } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { shortId } from '../../ui/CopyId.tsx'
import type { Column } from '../../ui/DataTable.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { IconDeviceMobile, IconKey } from '../../ui/icons.ts'
import { useSlowNow } from '../../ui/now.ts'
import { countryName } from '../../ui/places.ts'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import style from './Codes.module.css'
import { codeLook, useCodeName } from './words.ts'

/** The columns of codes, shared with the page of a person. */
export const useCodeColumns = (): Column<Code>[] => {
  const { t, i18n } = useTranslation(['codes', 'common'])
  const nameOf = useCodeName()
  return [
    {
      key: 'name',
      title: t('one'),
      narrow: 'first',
      cell: (code) => (
        <>
          {nameOf(code)} <span className={style.id}>{shortId(code.id)}</span>
        </>
      ),
    },
    {
      key: 'kind',
      title: t('kindTitle'),
      cell: ({ kind, bootstrap }) => (
        <span className={style.kind}>
          <Icon of={bootstrap ? IconKey : IconDeviceMobile} />
          {t(bootstrap ? 'kindShort.bootstrap' : `kindShort.${kind}`)}
        </span>
      ),
    },
    {
      key: 'state',
      title: t('stateTitle'),
      narrow: 'first',
      cell: ({ state }) => <StateBadge look={codeLook[state]}>{t(`state.${state}`)}</StateBadge>,
    },
    {
      key: 'whom',
      title: t('whom'),
      narrow: 'none',
      cell: ({ user }) => user?.username ?? <span className="t3">{t('nobody')}</span>,
    },
    { key: 'by', title: t('issuedBy'), narrow: 'none', cell: ({ issuedBy }) => issuedBy ?? t('common:notKnown') },
    {
      key: 'scans',
      title: t('scans'),
      number: true,
      narrow: 'none',
      cell: ({ scans }) => scans,
    },
    {
      key: 'last',
      title: t('lastOpened'),
      cell: ({ lastScan }) =>
        lastScan ? (
          <>
            <TimeText at={lastScan.at} />
            {countryName(lastScan.country, i18n.language) && `, ${countryName(lastScan.country, i18n.language)}`}
          </>
        ) : (
          <span className="t3">{t('notOpened')}</span>
        ),
    },
    { key: 'ends', title: t('ends'), cell: (code) => <Ends of={code} /> },
  ]
}

/** "in 4 min" for what still lives and ends within the hour, amber in the last tenth of its life; else the day. */
const Ends = ({ of: { state, createdAt, notBefore, expiresAt } }: { of: Code }) => {
  const { t } = useTranslation('codes')
  const now = useSlowNow()
  if (state === 'not-yet-valid' && notBefore)
    return (
      <>
        {t('from')} <TimeText at={notBefore} as="moment" />
      </>
    )
  if (!expiresAt) return t('never')
  const end = Date.parse(expiresAt)
  if (state !== 'live' || end - now > 3_600_000) return <TimeText at={expiresAt} as="moment" />
  const minutes = Math.max(0, Math.ceil((end - now) / 60_000))
  const soon = end - now <= (end - Date.parse(createdAt)) / 10
  return <span className={soon ? style.soon : undefined}>{t('inMinutes', { minutes: String(minutes) })}</span>
}
