import { mustSay } from './draw.ts'
import { type Matrix, matrixOf, quiet } from './matrix.ts'
import { plainRaster } from './plain.ts'
import { readByQr } from './readers.ts'

export type Rendering = 'blocks' | 'ascii' | 'address'

/**
 * What a terminal can show, by the name of its locale: UTF-8 has blocks; the sets that hold ASCII, and none named, have #;
 * of another nothing is known, so the address stays alone.
 */
export const renderingFor = (locale: string): Rendering => {
  const charset = /\.([^@]+)/.exec(locale)?.[1]?.toLowerCase().replace(/[-_]/g, '')
  if (charset === 'utf8') return 'blocks'
  return charset === undefined || /^(ansix341968|usascii|ascii|iso8859|koi8|cp125|cp437|euc|gb|big5|tis620)/.test(charset)
    ? 'ascii'
    : 'address'
}

/**
 * A symbol for a terminal, starting with a newline. UTF-8 half blocks draw light modules as ink, for terminals are dark
 * on the whole and the quiet zone must be light either way; ASCII draws dark modules as `##` for a light page. Its signs are
 * read back before they leave.
 */
export const symbolText = (text: string, rendering: 'blocks' | 'ascii'): string => {
  const rows = matrixOf(text)
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
  const drawn = `\n${lines.join('\n')}\n`
  mustSay(text, saidBy(drawn, rendering))
  return drawn
}
/** What a reader makes of signs as the terminal shows them. */
export const saidBy = (drawn: string, rendering: 'blocks' | 'ascii'): string | null => {
  const lines = drawn.slice(1, -1).split('\n')
  const dark: Matrix =
    rendering === 'ascii'
      ? lines.map((line) => (line.match(/../g) ?? []).map((signs) => signs === '##'))
      : lines.flatMap((line) => ['█▀', '█▄'].map((light) => [...line].map((sign) => !light.includes(sign))))
  // where the rows are odd in number the last half line is none of them
  return readByQr(plainRaster(dark.slice(0, dark[0]?.length)))
}
