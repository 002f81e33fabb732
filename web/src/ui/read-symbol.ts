import decodeQR from 'qr/decode.js'

/** A picture larger than this on its longer side is made smaller first: readers gain nothing from more. */
const longestSide = 1_280

const pixelsOf = (source: CanvasImageSource, width: number, height: number): ImageData => {
  const scale = Math.min(1, longestSide / Math.max(width, height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(width * scale))
  canvas.height = Math.max(1, Math.round(height * scale))
  const context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D
  context.drawImage(source, 0, 0, canvas.width, canvas.height)
  return context.getImageData(0, 0, canvas.width, canvas.height)
}
/** What the symbol in a picture holds; undefined: none was found. */
const read = ({ data, width, height }: ImageData): string | undefined => {
  try {
    return decodeQR({ data, width, height })
  } catch {
    // the reader throws where it finds nothing
    return undefined
  }
}

/** Reads a photo in this browser: it is sent nowhere. Throws where the file is no picture. */
export const readPhoto = async (file: Blob): Promise<string | undefined> => {
  const picture = await createImageBitmap(file)
  try {
    return read(pixelsOf(picture, picture.width, picture.height))
  } finally {
    picture.close()
  }
}
/** Reads the frames of a video until one holds a symbol, or `signal` aborts. */
export const readVideo = (video: HTMLVideoElement, signal: AbortSignal): Promise<string> =>
  new Promise((resolve) => {
    const look = () => {
      if (signal.aborted) return
      const found = video.videoWidth > 0 ? read(pixelsOf(video, video.videoWidth, video.videoHeight)) : undefined
      if (found === undefined) video.requestVideoFrameCallback(look)
      else resolve(found)
    }
    video.requestVideoFrameCallback(look)
  })
