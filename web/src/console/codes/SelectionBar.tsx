import { ActionIcon, UnstyledButton } from '@mantine/core'
import { bulkCodes, type CallIn, type Code, type listCodes } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../ui/Icon.tsx'
import { IconBan, IconX } from '../../ui/icons.ts'
import { Refused } from '../../ui/Refused.tsx'
import { useAction } from '../calls.ts'
import style from './Codes.module.css'
import { EditMany } from './EditMany.tsx'
import { ReissueMany, RevokeMany } from './ManyDialog.tsx'
import type { Many } from './many.ts'

const dialogs = { edit: EditMany, reissue: ReissueMany, revoke: RevokeMany }
type Act = keyof typeof dialogs

/** What can be done with the selected rows; it floats at the foot of the list, on narrow screens at the thumb. */
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
        <section className={style.selected} aria-label={t('many.label')}>
          <b role="status">
            {all && about
              ? t('many.selectedAbout', { number })
              : t('many.selected', { count: all ? (total ?? 0) : codes.length })}
          </b>
          {!all && total !== undefined && total > codes.length && (
            <UnstyledButton className={style.all} onClick={onAll}>
              {about ? t('many.selectAbout', { number }) : t('many.selectAll', { count: total })}
            </UnstyledButton>
          )}
          <span className={style.rule} />
          <UnstyledButton disabled={look.isPending} onClick={() => void ask('edit').catch(() => {})}>
            {t('edit.verb')}
          </UnstyledButton>
          <UnstyledButton disabled={look.isPending} onClick={() => void ask('reissue').catch(() => {})}>
            {t('reissue')}
          </UnstyledButton>
          <UnstyledButton data-danger="" disabled={look.isPending} onClick={() => void ask('revoke').catch(() => {})}>
            <Icon of={IconBan} />
            {t('revoke')}
          </UnstyledButton>
          <span className={style.rule} />
          <ActionIcon variant="transparent" aria-label={t('many.clear')} onClick={onClear}>
            <Icon of={IconX} />
          </ActionIcon>
        </section>
      )}
      {asked && Dialog && <Dialog many={asked.many} onClose={close} />}
    </>
  )
}
