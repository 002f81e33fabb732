import type { Code } from '@postern/contract'
import { useTranslation } from 'react-i18next'
import { shortId } from '../../ui/CopyId.tsx'
import type { Column } from '../../ui/DataTable.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { useSlowNow } from '../../ui/now.ts'
import { countryName } from '../../ui/places.ts'
import { StateBadge } from '../../ui/StateBadge.tsx'
import { TimeText } from '../../ui/TimeText.tsx'
import style from './Codes.module.css'
import { codeLook, kindIcon, useCodeName } from './words.ts'

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
      cell: (code) => <KindWord of={code} />,
    },
    {
      key: 'state',
      title: t('stateTitle'),
      narrow: 'first',
      cell: ({ state, device }) => (
        <>
          <StateBadge look={codeLook[state]}>{t(`state.${state}`)}</StateBadge>{' '}
          {device && <span className={style.device}>{device.name}</span>}
        </>
      ),
    },
    {
      key: 'owner',
      title: t('owner'),
      narrow: 'none',
      cell: ({ owner, issuedBy }) => owner?.username ?? issuedBy ?? <span className="t3">{t('common:none')}</span>,
    },
    {
      key: 'scans',
      title: t('scans'),
      number: true,
      narrow: 'none',
      // nobody is asked when a static code is read, so there is nothing to count
      cell: ({ kind, scans }) => (kind === 'static' ? '–' : new Intl.NumberFormat(i18n.language).format(scans)),
    },
    {
      key: 'last',
      title: t('lastOpened'),
      whole: true,
      labelled: ({ lastScan }) => lastScan !== null,
      cell: ({ kind, lastScan }) =>
        lastScan ? (
          <>
            <TimeText at={lastScan.at} />
            {countryName(lastScan.country, i18n.language) && `, ${countryName(lastScan.country, i18n.language)}`}
          </>
        ) : (
          <span className="t3">{t(kind === 'static' ? 'notCounted' : 'notOpened')}</span>
        ),
    },
    { key: 'ends', title: t('ends'), labelled: ({ state }) => state !== 'not-yet-valid', cell: (code) => <Ends of={code} /> },
  ]
}

/** A kind as an icon and its word. */
export const KindWord = ({ of }: { of: Pick<Code, 'kind' | 'bootstrap'> }) => {
  const { t } = useTranslation('codes')
  return (
    <span className={style.kind}>
      <Icon of={kindIcon(of)} />
      {t(of.bootstrap ? 'kindShort.bootstrap' : `kindShort.${of.kind}`)}
    </span>
  )
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
