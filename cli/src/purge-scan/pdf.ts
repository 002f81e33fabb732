import { spawn } from 'node:child_process'
import { type Grey, readSymbols } from './pictures.ts'

/** Pages of a document that are looked at, and the longer side of each in pixels: about 190 dots an inch on A4. */
const mostPages = 200
const side = 2_200
const mostSeconds = 50

/** pdftoppm is not on this machine. */
export class NoPdfReader extends Error {}

/**
 * What the symbols on the pages of a PDF say. Debian's pdftoppm draws the pages: fed by a pipe and read from one, so that
 * no page lies in a file. Throws NoPdfReader, or an Error that says what it said.
 */
export const readPdf = async (bytes: Uint8Array): Promise<{ texts: string[]; notes: string[] }> => {
  const child = spawn('pdftoppm', ['-gray', '-scale-to', String(side), '-l', String(mostPages + 1), '-'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: mostSeconds * 1_000,
    killSignal: 'SIGKILL',
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, 2_000)
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new NoPdfReader() : new Error(error.message)),
    )
    child.once('close', resolve)
  })
  ended.catch(() => undefined)
  // it may stop reading before it has all
  child.stdin.on('error', () => undefined)
  child.stdin.end(bytes)
  const texts = new Set<string>()
  let pages = 0
  try {
    for await (const page of pagesOf(child.stdout)) {
      pages++
      if (pages <= mostPages) for (const text of await readSymbols(page)) texts.add(text)
    }
  } finally {
    child.kill('SIGKILL')
  }
  await ended
  if (pages === 0) throw new Error(said.split('\n').find((line) => line.trim() !== '') ?? 'pdftoppm drew no page of it')
  return { texts: [...texts], notes: pages > mostPages ? [`only the first ${mostPages} pages were read`] : [] }
}

/** Binary PGM (`P5`), one page after the other. Throws where it is none. */
async function* pagesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<Grey> {
  let kept: Buffer = Buffer.alloc(0)
  for await (const chunk of stream) {
    kept = kept.length === 0 ? chunk : Buffer.concat([kept, chunk])
    for (;;) {
      const head = /^P5\s(\d{1,5})\s(\d{1,5})\s255\s/.exec(kept.subarray(0, 32).toString('latin1'))
      if (!head) {
        if (kept.length >= 32) throw new Error('pdftoppm answered something else than pages')
        break
      }
      const [width, height] = [Number(head[1]), Number(head[2])]
      const end = head[0].length + width * height
      if (kept.length < end) break
      yield { width, height, data: kept.subarray(head[0].length, end) }
      kept = kept.subarray(end)
    }
  }
}
