import encodeQR from 'qr'
import { invalid } from '../../platform/refusal.ts'

export type Level = 'L' | 'M' | 'Q' | 'H'
/** Dark modules as rows of booleans, without a quiet zone. */
export type Matrix = boolean[][]

/** ISO/IEC 18004: four modules of quiet zone on each side; readers fail without it. */
export const quiet = 4

const names = { L: 'low', M: 'medium', Q: 'quartile', H: 'high' } as const

/** The smallest symbol that holds the text, or one of a larger version (1 to 40). */
export const matrixOf = (text: string, level: Level = 'M', version?: number): Matrix => {
  if (text === '' || !text.isWellFormed()) throw invalid('text', 'a symbol needs a text of whole characters')
  try {
    // `qr` refuses a border of nothing
    const bordered = encodeQR(text, 'raw', { ecc: names[level], border: 1, optimize: false, version })
    return bordered.slice(1, -1).map((row) => row.slice(1, -1))
  } catch (error) {
    if (!/capacity|overflow/i.test((error as Error).message)) throw error
    throw invalid('text', `${Buffer.byteLength(text)} bytes are too many for a symbol at level ${level}`)
  }
}
