/** A picture larger than this on its longer side is made smaller first: readers gain nothing from more. */
export const longestSide = 1_280

type Source = CanvasImageSource & { width?: unknown }
/** A part of a picture, drawn so that its pixels can be read. */
export const drawn = (source: Source, from: DOMRect, scale: number): HTMLCanvasElement => {
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(from.width * scale))
  canvas.height = Math.max(1, Math.round(from.height * scale))
  const context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D
  context.drawImage(source, from.x, from.y, from.width, from.height, 0, 0, canvas.width, canvas.height)
  return canvas
}
export const pixelsOf = (canvas: HTMLCanvasElement): ImageData =>
  (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(0, 0, canvas.width, canvas.height)

/** The camera that looks away from whoever holds the device, shown in `video`. */
export const openCamera = async (video: HTMLVideoElement, signal: AbortSignal): Promise<void> => {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1280 } } })
  const stop = () => {
    for (const track of stream.getTracks()) track.stop()
  }
  signal.addEventListener('abort', stop)
  if (signal.aborted) return stop()
  video.srcObject = stream
  await video.play()
}
/** Looks at each frame of a video, one at a time, until `look` is content (true) or `signal` aborts (false). */
export const eachFrame = (
  video: HTMLVideoElement,
  signal: AbortSignal,
  look: () => boolean | Promise<boolean>,
): Promise<boolean> =>
  new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => resolve(false))
    const next = async () => {
      try {
        if (!signal.aborted && video.videoWidth > 0 && (await look())) return resolve(true)
      } catch (error) {
        return reject(error)
      }
      if (!signal.aborted) video.requestVideoFrameCallback(next)
    }
    video.requestVideoFrameCallback(next)
  })
