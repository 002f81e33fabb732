import { ActionIcon, UnstyledButton } from '@mantine/core'
import { type CallIn, type Code, call, listCodes } from '@postern/contract'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { send } from '../../api.ts'
import { Icon } from '../../ui/Icon.tsx'
import { IconBan, IconX } from '../../ui/icons.ts'
import { Refused } from '../../ui/Refused.tsx'
import style from './Codes.module.css'
import { ReissueMany, RevokeMany } from './ManyDialog.tsx'

/** As many as one page acts on, one after the other, before its person loses patience. */
const most = 500

/** What can be done with the selected rows; it floats at the foot of the list, on narrow screens at the thumb. */
export const SelectionBar = ({
  codes,
  filter,
  total,
  onAll,
  onClear,
}: {
  codes: readonly Code[]
  /** What the list asks for, to select all that match. */
  filter: CallIn<typeof listCodes>
  /** How many match; undefined while nobody knows, or only about. */
  total: number | undefined
  onAll: (codes: readonly Code[]) => void
  onClear: () => void
}) => {
  const { t } = useTranslation('codes')
  // what it is about stays, though the list may lose these rows while they are acted on
  const [act, setAct] = useState<{ is: 'revoke' | 'reissue'; on: readonly Code[] }>()
  const [all, setAll] = useState<{ busy: boolean; error?: unknown }>({ busy: false })
  const selectAll = async () => {
    setAll({ busy: true })
    try {
      onAll(await everyCode(filter))
      setAll({ busy: false })
    } catch (error) {
      setAll({ busy: false, error })
    }
  }
  const close = (acted: boolean) => {
    setAct(undefined)
    if (acted) onClear()
  }
  return (
    <>
      {all.error ? <Refused error={all.error} /> : null}
      {codes.length > 0 && (
        <section className={style.selected} aria-label={t('many.label')}>
          <b role="status">{t('many.selected', { count: codes.length })}</b>
          {total !== undefined && total > codes.length && total <= most && (
            <UnstyledButton className={style.all} disabled={all.busy} onClick={() => void selectAll()}>
              {t('many.selectAll', { count: total })}
            </UnstyledButton>
          )}
          <span className={style.rule} />
          <UnstyledButton onClick={() => setAct({ is: 'reissue', on: codes })}>{t('reissue')}</UnstyledButton>
          <UnstyledButton data-danger="" onClick={() => setAct({ is: 'revoke', on: codes })}>
            <Icon of={IconBan} />
            {t('revoke')}
          </UnstyledButton>
          <span className={style.rule} />
          <ActionIcon variant="transparent" aria-label={t('many.clear')} onClick={onClear}>
            <Icon of={IconX} />
          </ActionIcon>
        </section>
      )}
      {act?.is === 'revoke' && <RevokeMany codes={act.on} onClose={close} />}
      {act?.is === 'reissue' && <ReissueMany codes={act.on} onClose={close} />}
    </>
  )
}

/** Every code that a filter finds, page by page. Throws CallRefused. */
const everyCode = async (filter: CallIn<typeof listCodes>): Promise<Code[]> => {
  const found: Code[] = []
  let cursor: string | null = null
  do {
    const page: { items: Code[]; nextCursor: string | null } = (
      await call(send, listCodes, { ...filter, limit: 200, ...(cursor ? { cursor } : {}) })
    ).value
    found.push(...page.items)
    cursor = page.nextCursor
  } while (cursor && found.length < most)
  return found
}
