import type { ComponentType } from 'react'

type Drawn = ComponentType<{ size?: number | string; stroke?: number | string; className?: string }>

/** An icon at the house's size and stroke. It never stands alone: give the control around it a name. */
export const Icon = ({
  of: Of,
  size = 16,
  stroke = 1.5,
  className,
}: {
  of: Drawn
  size?: number
  stroke?: number
  className?: string
}) => (
  <span className={className} aria-hidden="true" data-icon="">
    <Of size={size} stroke={stroke} />
  </span>
)
