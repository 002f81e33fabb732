import decodeQR from 'qr/decode.js'
import { drawn, eachFrame, longestSide, pixelsOf } from './video-frames.ts'

/** A video that shows nothing readable for so long gets the second reader too. */
const patienceMs = 2_000

const readFirst = (pixels: ImageData): string | undefined => {
  try {
    return decodeQR(pixels)
  } catch {
    // the reader throws where it finds nothing
    return undefined
  }
}
/** What the symbols before a camera say, frame by frame, until `see` is content or `signal` aborts. */
export const scanVideo = (
  video: HTMLVideoElement,
  signal: AbortSignal,
  see: (text: string) => boolean | Promise<boolean>,
): Promise<boolean> => {
  let second: ((pixels: ImageData) => Promise<string | undefined>) | undefined
  let asked = false
  let lastRead = performance.now()
  const helpLate = () => {
    if (asked || performance.now() - lastRead < patienceMs) return
    asked = true
    import('./second-reader.ts').then(
      ({ readAgain }) => {
        second = readAgain
      },
      () => {
        // it could not be loaded: the first reader goes on alone, and it is asked for again later
        asked = false
        lastRead = performance.now()
      },
    )
  }
  return eachFrame(video, signal, async () => {
    const { videoWidth: width, videoHeight: height } = video
    const scale = Math.min(1, longestSide / Math.max(width, height))
    const pixels = pixelsOf(drawn(video, new DOMRect(0, 0, width, height), scale))
    const text = readFirst(pixels) ?? (await second?.(pixels))
    if (text === undefined) {
      helpLate()
      return false
    }
    lastRead = performance.now()
    return see(text)
  })
}
