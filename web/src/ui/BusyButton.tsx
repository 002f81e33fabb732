import type { ComponentProps } from 'react'

/**
 * What Mantine’s Button is made of. It would be disabled while it is busy, and a disabled button loses the focus for good: so it
 * only says that it is, and does nothing.
 */
export const BusyButton = ({
  type = 'button',
  disabled,
  onClick,
  'data-loading': busy,
  ...others
}: ComponentProps<'button'> & { 'data-loading'?: boolean }) => (
  <button
    {...others}
    type={type}
    data-loading={busy}
    disabled={!busy && disabled}
    aria-disabled={busy || undefined}
    onClick={busy ? (click) => click.preventDefault() : onClick}
  />
)
