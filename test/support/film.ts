import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import encodeQR from 'qr'
import { scratchFolder } from './cluster.ts'

/** Frames a second at which Chromium plays such a film, whatever it says of itself. */
const perSecond = 30
const [width, height] = [640, 480]

/** What the cameras of a browser see: a film that Chromium reads anew each time a page asks for the camera. */
export type Film = {
  /** Switches for the browser. */
  flags: string[]
  /** Plays pictures (PNG or PGM), each for so long. */
  play: (pictures: readonly Buffer[], seconds: number) => void
  /** Symbols as a screen draws them, one after the other. */
  show: (texts: readonly string[], seconds?: number, how?: { mirrored?: boolean }) => void
}
export const newFilm = (): Film => {
  const folder = scratchFolder()
  const film = join(folder, 'camera.mjpeg')
  const play: Film['play'] = (pictures, seconds) => {
    const stills = join(folder, 'stills')
    rmSync(stills, { recursive: true, force: true })
    mkdirSync(stills)
    const kind = pictures[0]?.[0] === 0x89 ? 'png' : 'pgm'
    for (const [at, picture] of pictures.entries()) writeFileSync(join(stills, `${at}.${kind}`), picture)
    const view = `scale=${width}:${height}:force_original_aspect_ratio=decrease,pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2:white,format=yuvj420p`
    const made = `${film}.new.mjpeg`
    execFileSync(
      'ffmpeg',
      ['-y', '-loglevel', 'error', '-framerate', String(1 / seconds), '-i', join(stills, `%d.${kind}`), '-vf', view].concat([
        ...['-r', String(perSecond), '-c:v', 'mjpeg', '-q:v', '4', made],
      ]),
    )
    renameSync(made, film)
  }
  return {
    flags: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${film}`],
    play,
    show: (texts, seconds = 1, { mirrored = false } = {}) =>
      play(
        texts.map((text) => drawnSymbol(text, mirrored)),
        seconds,
      ),
  }
}
/** A symbol as a grey picture, seven pixels a module, on white. */
const drawnSymbol = (text: string, mirrored: boolean): Buffer => {
  const drawn = encodeQR(text, 'raw', { border: 4 })
  const modules = mirrored ? drawn.map((row) => row.toReversed()) : drawn
  const scale = 7
  const side = modules.length * scale
  const rows = modules.map((row) => Buffer.from(row.flatMap((dark) => Array.from({ length: scale }, () => (dark ? 0 : 255)))))
  return Buffer.concat([
    Buffer.from(`P5\n${side} ${side}\n255\n`),
    ...rows.flatMap((row) => Array.from({ length: scale }, () => row)),
  ])
}
