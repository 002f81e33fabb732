import decodeQR, { type FinderPoints } from 'qr/decode.js'
import { drawn, eachFrame, longestSide, pixelsOf } from './video-frames.ts'

/** Longer side of what is cut out, and what it loses as JPEG: enough to tell its shapes and colours, and no more. */
const cutSide = 1_000
const cutQuality = 0.92
/** What is cut out reaches so far beyond the middles of the eyes, in their distance: quiet zone, and a frame below. */
const reach = 0.75

/** What a symbol holds, and the part of the picture with it, as a JPEG in base64; nothing is cut out before it is asked for. */
export type Reading = { content: string; cutOut: () => Promise<string> }

/** The part of a picture round three eyes, in its own pixels. */
const partRound = ({ tl, tr, br, bl }: FinderPoints, scale: number, width: number, height: number): DOMRect => {
  const [xs, ys] = [[tl, tr, br, bl].map(({ x }) => x / scale), [tl, tr, br, bl].map(({ y }) => y / scale)]
  const more = reach * Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys))
  const [left, top] = [Math.max(0, Math.min(...xs) - more), Math.max(0, Math.min(...ys) - more)]
  return new DOMRect(left, top, Math.min(width, Math.max(...xs) + more) - left, Math.min(height, Math.max(...ys) + more) - top)
}
const asJpeg = async (canvas: HTMLCanvasElement): Promise<string> => {
  const blob = await new Promise<Blob>((resolve, reject) =>
    canvas.toBlob((made) => (made ? resolve(made) : reject(new Error('no picture'))), 'image/jpeg', cutQuality),
  )
  const bytes = new Uint8Array(await blob.arrayBuffer())
  let text = ''
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192))
  return btoa(text)
}

/** What the symbol in a picture holds; undefined: none was found. The picture is held still until it is read. */
const read = (source: ImageBitmap | HTMLVideoElement, width: number, height: number): Reading | undefined => {
  const scale = Math.min(1, longestSide / Math.max(width, height))
  const canvas = drawn(source, new DOMRect(0, 0, width, height), scale)
  const pixels = pixelsOf(canvas)
  let eyes: FinderPoints | undefined
  const pointsOnDetect = (points: FinderPoints) => {
    eyes = points
  }
  try {
    // no call takes a NUL: what holds one is none of ours, and is to be told so
    const content = decodeQR({ data: pixels.data, width: canvas.width, height: canvas.height }, { pointsOnDetect }).replaceAll(
      '\0',
      '\ufffd',
    )
    const part = eyes ? partRound(eyes, scale, width, height) : new DOMRect(0, 0, width, height)
    // at once: a video goes on, and a picture is closed
    const cut = drawn(source, part, Math.min(1, cutSide / Math.max(part.width, part.height)))
    return { content, cutOut: () => asJpeg(cut) }
  } catch {
    // the reader throws where it finds nothing
    return undefined
  }
}

/** Reads a photo in this browser. Throws where the file is no picture. */
export const readPhoto = async (file: Blob): Promise<Reading | undefined> => {
  const picture = await createImageBitmap(file)
  try {
    return read(picture, picture.width, picture.height)
  } finally {
    picture.close()
  }
}
/** Reads the frames of a video until one holds a symbol; undefined: `signal` aborted. */
export const readVideo = async (video: HTMLVideoElement, signal: AbortSignal): Promise<Reading | undefined> => {
  let found: Reading | undefined
  await eachFrame(video, signal, () => {
    found = read(video, video.videoWidth, video.videoHeight)
    return found !== undefined
  })
  return found
}
