/** The top of an axis that starts at nought and has one line between: the least of 2, 4, 10, 20, 40, 100 … that holds `most`. */
export const topOf = (most: number): number => {
  for (let unit = 1; ; unit *= 10) for (const step of [2, 4, 10]) if (step * unit >= most) return step * unit
}
const strides = [1, 2, 3, 4, 6, 7, 10, 12, 14, 15, 20, 24, 28, 30, 60, 91, 182, 365]
/** Room of a label under a bar, in pixels. */
const labelRoom = 60
/** The bars that have room for their time below: every so many, the last not cut off. */
export const barTicks = (bars: number, width: number): number[] => {
  const step = width / Math.max(1, bars)
  const stride = strides.find((each) => each * step >= labelRoom) ?? bars
  return Array.from({ length: Math.ceil(bars / stride) }, (_, at) => at * stride).filter(
    (at) => at === 0 || (at + 0.5) * step + labelRoom / 2 <= width,
  )
}
