import { UnstyledButton } from '@mantine/core'
import { bulkCodes, type CallIn, type Code, type listCodes } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconBan } from '../../ui/icons.ts'
import { Refused } from '../../ui/Refused.tsx'
import { SelectedBar } from '../../ui/SelectedBar.tsx'
import { useAction } from '../calls.ts'
import style from './Codes.module.css'
import { EditMany } from './EditMany.tsx'
import { ReissueMany, RevokeMany } from './ManyDialog.tsx'
import type { Many } from './many.ts'
import { PrintMany } from './PrintMany.tsx'

const dialogs = { edit: EditMany, print: PrintMany, reissue: ReissueMany, revoke: RevokeMany }
type Act = keyof typeof dialogs
const acts = Object.keys(dialogs) as Act[]

/** What can be done with the selected codes. */
export const SelectionBar = ({
  codes,
  filter,
  all,
  total,
  about,
  onAll,
  onClear,
}: {
  codes: readonly Code[]
  /** What the list asks for. */
  filter: CallIn<typeof listCodes>
  /** Everything that it finds is selected. */
  all: boolean
  /** How many that is; `about`: an estimate. */
  total: number | undefined
  about: boolean
  onAll: () => void
  onClear: () => void
}) => {
  const { t, i18n } = useTranslation('codes')
  // what it is about stays, though the list may lose these rows while they are acted on
  const [asked, setAsked] = useState<{ act: Act; many: Many }>()
  const look = useAction(bulkCodes)
  const ask = async (act: Act) => {
    if (!all) return setAsked({ act, many: { codes } })
    // how many the filter finds now, to the last one
    const { total: found } = await look.mutateAsync({ action: act, filter, dryRun: true })
    const left = about || total === undefined ? undefined : Math.max(0, total - found)
    setAsked({ act, many: { filter, total: found, left } })
  }
  const close = (acted: boolean) => {
    setAsked(undefined)
    if (acted) onClear()
  }
  const number = new Intl.NumberFormat(i18n.language).format(total ?? 0)
  const Dialog = asked && dialogs[asked.act]
  return (
    <>
      {look.error && (
        <div className={style.looked}>
          <Refused error={look.error} />
        </div>
      )}
      {(all || codes.length > 0) && (
        <SelectedBar
          label={t('many.label')}
          said={
            all && about ? t('many.selectedAbout', { number }) : t('many.selected', { count: all ? (total ?? 0) : codes.length })
          }
          everything={
            !all && total !== undefined && total > codes.length
              ? { words: about ? t('many.selectAbout', { number }) : t('many.selectAll', { count: total }), take: onAll }
              : undefined
          }
          onClear={onClear}
        >
          {acts.map((act) => (
            <UnstyledButton
              key={act}
              {...(act === 'revoke' ? { 'data-danger': '' } : {})}
              disabled={look.isPending}
              onClick={() => void ask(act).catch(() => {})}
            >
              {act === 'revoke' && <Icon of={IconBan} />}
              {t(act === 'edit' ? 'edit.verb' : act)}
            </UnstyledButton>
          ))}
        </SelectedBar>
      )}
      {asked && Dialog && <Dialog many={asked.many} onClose={close} />}
    </>
  )
}
