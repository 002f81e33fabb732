/**
 * An outline as absolute steps, in modules: move, line, quarter of a circle round the corner (cx, cy), cubic curve, close.
 * Few enough that every backend says them in its own words. Holes run against their surround, so that the rules
 * non-zero and even-odd fill alike.
 */
export type Step =
  | readonly ['M', x: number, y: number]
  | readonly ['L', x: number, y: number]
  | readonly ['R', cx: number, cy: number, x: number, y: number]
  | readonly ['C', x1: number, y1: number, x2: number, y2: number, x: number, y: number]
  | readonly ['Z']
export type Path = Step[]

/** How far the handles of a cubic reach to the corner, so that it is a quarter of a circle (off by 0.03 %). */
const kappa = 0.5522847498

/** Any step that bends, as a cubic from (x, y). */
export const cubic = (
  x: number,
  y: number,
  step: Extract<Step, readonly ['R' | 'C', ...unknown[]]>,
): [number, number, number, number, number, number] => {
  if (step[0] === 'C') return [step[1], step[2], step[3], step[4], step[5], step[6]]
  const [, cx, cy, toX, toY] = step
  return [x + kappa * (cx - x), y + kappa * (cy - y), toX + kappa * (cx - toX), toY + kappa * (cy - toY), toX, toY]
}

/** A rectangle with round corners, clockwise; `hole` turns it about. Radius half the side: a circle. */
export const roundedRectangle = (x: number, y: number, width: number, height: number, radius: number, hole = false): Path => {
  const [right, bottom] = [x + width, y + height]
  // each corner as the point before it, itself, and the point behind it, clockwise from the top left
  const corners = [
    [x, y + radius, x, y, x + radius, y],
    [right - radius, y, right, y, right, y + radius],
    [right, bottom - radius, right, bottom, right - radius, bottom],
    [x + radius, bottom, x, bottom, x, bottom - radius],
  ].map((corner) => (hole ? [...corner.slice(4), ...corner.slice(2, 4), ...corner.slice(0, 2)] : corner)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ][]
  const path: Path = []
  for (const [fromX, fromY, cx, cy, toX, toY] of hole ? corners.reverse() : corners) {
    path.push([path.length === 0 ? 'M' : 'L', fromX, fromY])
    if (radius > 0) path.push(['R', cx, cy, toX, toY])
  }
  path.push(['Z'])
  return path
}
