import { Button, Drawer } from '@mantine/core'
import { useDisclosure, useMediaQuery } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import style from './FilterBar.module.css'

/** Filters of a list: a row of chips, on narrow screens a sheet behind one button that says how many are set. */
export const FilterBar = ({ set, children }: { set: number; children: ReactNode }) => {
  const { t } = useTranslation()
  const [opened, sheet] = useDisclosure(false)
  const narrow = useMediaQuery('(max-width: 600px)', undefined, { getInitialValueInEffect: false })
  if (!narrow) return children
  return (
    <>
      <Button variant="default" aria-haspopup="dialog" aria-expanded={opened} onClick={sheet.open}>
        {set > 0 ? t('filter.count', { count: set }) : t('filter.label')}
      </Button>
      <Drawer
        opened={opened}
        onClose={sheet.close}
        position="bottom"
        size="70%"
        styles={{ content: { background: 'var(--surface)' } }}
        title={t('filter.label')}
        closeButtonProps={{ 'aria-label': t('close') }}
      >
        <div className={style.sheet}>{children}</div>
      </Drawer>
    </>
  )
}
