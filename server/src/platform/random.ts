import { randomFillSync } from 'node:crypto'

const pool = Buffer.alloc(8_192)
let used = pool.length
/** A few fresh random bytes, each given once: asking the system for them one by one costs more than what they are for. */
export const randomSlice = (bytes: number): Buffer => {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const slice = Buffer.from(pool.subarray(used, used + bytes))
  // what becomes a secret lies nowhere else
  pool.fill(0, used, used + bytes)
  used += bytes
  return slice
}
