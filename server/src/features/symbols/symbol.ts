import encodeQR from 'qr'

/** ISO/IEC 18004: four modules of quiet zone on each side; readers fail without it. */
const quiet = 4

/** Dark modules as rows of booleans, without a quiet zone. Level M is enough for a screen or a letter. */
const modules = (text: string): boolean[][] => {
  const withBorder = encodeQR(text, 'raw', { ecc: 'medium', border: 1, optimize: false })
  return withBorder.slice(1, -1).map((row) => row.slice(1, -1))
}

/** A symbol as SVG: dark ink on a white plate, one path, quiet zone included. The text is in no attribute. */
export const symbolSvg = (text: string): string => {
  const rows = modules(text)
  const size = rows.length + 2 * quiet
  let path = ''
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue
      let run = 1
      while (row[x + run]) run++
      path += `M${x + quiet} ${y + quiet}h${run}v1h-${run}z`
      x += run
    }
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path fill="#0b1013" d="${path}"/></svg>`
}

/**
 * A symbol for a terminal, starting with a newline. UTF-8 half blocks draw light modules as ink, for terminals are dark
 * on the whole and the quiet zone must be light either way; ASCII draws dark modules as `##` for a light page.
 */
export const symbolText = (text: string, rendering: 'blocks' | 'ascii'): string => {
  const rows = modules(text)
  const size = rows.length + 2 * quiet
  const dark = (x: number, y: number): boolean => rows[y - quiet]?.[x - quiet] === true
  const lines: string[] = []
  if (rendering === 'ascii') {
    for (let y = 0; y < size; y++) lines.push(Array.from({ length: size }, (_, x) => (dark(x, y) ? '##' : '  ')).join(''))
  } else {
    for (let y = 0; y < size; y += 2)
      lines.push(
        Array.from({ length: size }, (_, x) => {
          const top = !dark(x, y)
          const bottom = y + 1 < size && !dark(x, y + 1)
          return top && bottom ? '█' : top ? '▀' : bottom ? '▄' : ' '
        }).join(''),
      )
  }
  return `\n${lines.join('\n')}\n`
}
