import { ActionIcon, UnstyledButton } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from './Icon.tsx'
import { IconX } from './icons.ts'
import style from './SelectedBar.module.css'

/** What can be done with the selected rows of a list; it floats at its foot, on narrow screens at the thumb. */
export const SelectedBar = ({
  label,
  said,
  everything,
  onClear,
  children,
}: {
  label: string
  /** How many are selected, in words. */
  said: string
  /** More match than are selected: takes all of them. */
  everything: { words: string; take: () => void } | undefined
  onClear: () => void
  /** The buttons of the acts. */
  children: ReactNode
}) => {
  const { t } = useTranslation()
  return (
    <section className={style.bar} data-floating="" aria-label={label}>
      <b role="status">{said}</b>
      {everything && (
        <UnstyledButton className={style.all} onClick={everything.take}>
          {everything.words}
        </UnstyledButton>
      )}
      <span className={style.rule} />
      {children}
      <span className={style.rule} />
      <ActionIcon variant="transparent" aria-label={t('clearSelection')} onClick={onClear}>
        <Icon of={IconX} />
      </ActionIcon>
    </section>
  )
}
