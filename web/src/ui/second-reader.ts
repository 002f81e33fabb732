import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'
import wasm from 'zxing-wasm/reader/zxing_reader.wasm?url'

// from our own origin: by itself it would ask a network of others
prepareZXingModule({ overrides: { locateFile: () => wasm } })

/** A reader of another make, a megabyte, for what the first one cannot read. */
export const readAgain = async (pixels: ImageData): Promise<string | undefined> =>
  (await readBarcodes(pixels, { formats: ['QRCode'], maxNumberOfSymbols: 1 }))[0]?.text
