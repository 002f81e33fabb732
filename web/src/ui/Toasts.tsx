import { Button } from '@mantine/core'
import { Notifications, notifications } from '@mantine/notifications'
import i18next from 'i18next'
import style from './Toasts.module.css'

/**
 * Toasts only confirm what the user just did: bottom left of the page, at most two, 6 seconds, paused under the pointer, read out.
 * They cover nothing that acts: neither the account at the foot of the sidebar nor the bar of a selection.
 */
export const Toasts = () => (
  <Notifications className={style.toasts} position="bottom-left" limit={2} autoClose={6000} containerWidth={360} />
)

/** `undo`: takes back what was just done; offered for 10 seconds, and never the only way to it. */
export const toast = (message: string, undo?: () => void) => {
  const id = notifications.show({
    message: undo ? (
      <span className={style.withUndo}>
        {message}
        <Button
          variant="default"
          size="compact-sm"
          onClick={() => {
            notifications.hide(id)
            undo()
          }}
        >
          {i18next.t('undo')}
        </Button>
      </span>
    ) : (
      message
    ),
    ...(undo ? { autoClose: 10_000 } : {}),
    withBorder: true,
    role: 'status',
    closeButtonProps: { 'aria-label': i18next.t('close') },
  })
}
