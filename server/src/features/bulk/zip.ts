import { Zip, ZipDeflate, ZipPassThrough } from 'fflate'

/** A zip as its files come; pictures that are packed already are stored as they are. */
export async function* zipOf(files: AsyncIterable<{ name: string; data: string | Uint8Array }>): AsyncIterable<Uint8Array> {
  let written: Uint8Array[] = []
  const zip = new Zip((error, chunk) => {
    if (error) throw error
    written.push(chunk)
  })
  const encoder = new TextEncoder()
  for await (const { name, data } of files) {
    const file = /\.(png|pdf)$/.test(name) ? new ZipPassThrough(name) : new ZipDeflate(name, { level: 6 })
    zip.add(file)
    file.push(typeof data === 'string' ? encoder.encode(data) : data, true)
    yield* written
    written = []
    // one file is some milliseconds of drawing: others are served between two
    await new Promise(setImmediate)
  }
  zip.end()
  yield* written
}
