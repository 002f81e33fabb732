import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import decodeQR from 'qr/decode.js'
import { matrixOf } from './matrix.ts'
import { plainRaster } from './plain.ts'
import type { Raster } from './raster.ts'

/** The `qr` package. It takes light alone when told of a format that begins with it, so the rest of the bytes is left empty. */
export const readByQr = ({ width, height, channels, data }: Raster): string | null => {
  const format = channels === 1 ? 'I420' : 'RGB'
  const pixels = new Uint8Array(channels === 1 ? width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2) : data.length)
  pixels.set(data)
  try {
    // its tries are counted. The clock, by default that of one camera frame, would judge the machine and not the symbol
    return decodeQR({ width, height, data: pixels }, { format, timeLimit: Number.POSITIVE_INFINITY })
  } catch {
    return null
  }
}

const require = createRequire(import.meta.url)
type Zxing = typeof import('zxing-wasm/reader')
let zxing: Promise<Zxing> | undefined
/** ZXing-C++, as wasm out of node_modules: nothing is fetched. */
export const openZxing = (): Promise<Zxing> => {
  zxing ??= load()
  return zxing
}
const load = async (): Promise<Zxing> => {
  const module = await import('zxing-wasm/reader')
  const wasm = readFileSync(require.resolve('zxing-wasm/reader/zxing_reader.wasm'))
  const wasmBinary = wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.length)
  await module.prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true })
  return module
}
export const readByZxing = async ({ width, height, channels, data }: Raster): Promise<string | null> => {
  const { readBarcodes } = await openZxing()
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255)
  for (let pixel = 0; pixel < width * height; pixel++)
    for (let channel = 0; channel < 3; channel++)
      rgba[4 * pixel + channel] = data[pixel * channels + (channels === 1 ? 0 : channel)] as number
  const image = { width, height, data: rgba, colorSpace: 'srgb' } as Parameters<typeof readBarcodes>[0]
  const [found] = await readBarcodes(image, { formats: ['QRCode'], maxNumberOfSymbols: 1 })
  return found?.isValid ? found.text : null
}

/** zbarimg, of which older scanners are made, for all pictures at once; undefined where it is not installed or gave no answer. */
export const readByZbar = async (pictures: readonly Raster[]): Promise<(string | null)[] | undefined> => {
  const xml = await answerOf(
    'zbarimg',
    ['--quiet', '--xml', '--nodbus', '-Sdisable', '-Sqrcode.enable', 'pnm:-'],
    Buffer.concat(
      pictures.flatMap(({ width, height, channels, data }) => [
        Buffer.from(`P${channels === 1 ? 5 : 6}\n${width} ${height}\n255\n`),
        data,
      ]),
    ),
  )
  if (xml === undefined) return undefined
  const found = pictures.map((): string | null => null)
  for (const [, index, symbol] of xml.matchAll(/<index num='(\d+)'>([\s\S]*?)<\/index>/g))
    found[Number(index)] = /<data[^>]*><!\[CDATA\[([\s\S]*)\]\]><\/data>/.exec(symbol as string)?.[1] ?? null
  return found
}
/** Whether zbarimg is here and reads. */
export const hasOlderReader = async (): Promise<boolean> => (await readByZbar([plainRaster(matrixOf('older'))])) !== undefined
/** What zbarimg ends with when it has looked at everything: it found something, or nothing. */
const looked = [0, 4]
/** Standard output of a program that is given a standard input; undefined where there is no such program, or it was ended early. */
const answerOf = (program: string, options: readonly string[], input: Buffer): Promise<string | undefined> =>
  new Promise((resolve) => {
    const child = spawn(program, options, { stdio: ['pipe', 'pipe', 'ignore'], timeout: 10_000 })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.once('error', () => resolve(undefined))
    child.once('close', (code) => resolve(looked.includes(code as number) ? Buffer.concat(chunks).toString() : undefined))
    // it may be gone before it has read all
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
