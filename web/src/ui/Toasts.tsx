import { Notifications, notifications } from '@mantine/notifications'
import i18next from 'i18next'

/** Toasts only confirm what the user just did: bottom left, at most two, 6 seconds, paused under the pointer, read out. */
export const Toasts = () => <Notifications position="bottom-left" limit={2} autoClose={6000} containerWidth={360} />

export const toast = (message: string) => {
  notifications.show({ message, withBorder: true, role: 'status', closeButtonProps: { 'aria-label': i18next.t('close') } })
}
