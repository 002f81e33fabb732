import { useBlocker } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from './ConfirmDialog.tsx'

/** Asks before what was typed on a page is lost with it. `unless` is asked when somebody leaves: true lets them go. */
export const LeaveGuard = ({ when, unless }: { when: boolean; unless?: () => boolean }) => {
  const { t } = useTranslation()
  const leaving = useBlocker({
    disabled: !when,
    enableBeforeUnload: () => !unless?.(),
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname && !unless?.(),
    withResolver: true,
  })
  return (
    <ConfirmDialog
      opened={leaving.status === 'blocked'}
      onClose={() => leaving.reset?.()}
      title={t('unsaved.ask')}
      verb={t('unsaved.leave')}
      onConfirm={() => leaving.proceed?.()}
    >
      {t('unsaved.text')}
    </ConfirmDialog>
  )
}
