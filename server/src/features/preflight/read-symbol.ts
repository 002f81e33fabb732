import decodeQR from 'qr/decode.js'
import { Unexpected } from './preflight-rules.ts'

/** Pixels a module: a reader needs more than one. */
const scale = 4

/**
 * Reads a symbol of ours back, from the SVG that people get: its runs of dark modules are painted, quiet zone and all,
 * and the picture is decoded. Throws where it is no such SVG, or no reader could read it.
 */
export const readSymbol = (svg: string): string => {
  const modules = Number(/viewBox="0 0 (\d+) \d+"/.exec(svg)?.[1])
  if (!(modules > 0)) throw new Unexpected('the answer holds no symbol')
  const size = modules * scale
  const data = new Uint8Array(size * size * 4).fill(255)
  for (const [, x, y, width] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g))
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row++)
      for (let column = Number(x) * scale; column < (Number(x) + Number(width)) * scale; column++)
        data.fill(0, (row * size + column) * 4, (row * size + column) * 4 + 3)
  try {
    // the limit of one camera frame is too little on a busy machine
    return decodeQR({ width: size, height: size, data }, { timeLimit: 2_000 })
  } catch (error) {
    throw new Unexpected(`the symbol cannot be read: ${(error as Error).message}`)
  }
}
