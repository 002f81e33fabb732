import { type Design, type Proof, type ProofCondition, proofConditions } from '@postern/contract'
import { contrastOf } from './contrast.ts'
import { blurred, faded, noisy, rotated, surrounded, tilted } from './degrade.ts'
import { openLogo } from './logo.ts'
import { quiet } from './matrix.ts'
import { type Raster, rasterOf } from './raster.ts'
import { readByQr, readByZbar, readByZxing } from './readers.ts'
import { type Scene, sceneOf } from './scene.ts'

/** A link code of a deployment with a name of usual length: what is printed most. */
export const sampleText = 'https://id.postern.example/c/cod_01k9zq3v7m4k9q8w2x6t5r0p1n'

/** Millimetres a module: what a phone's camera tells apart from ten times the symbol's width. */
const smallestModule = 0.4

/** Grey of a wall at night. */
const wall = 18
/** Pixels across the picture. */
const usual = 600
const little = 150
/**
 * A camera sees many frames a second, never two alike. A reader that fails finds the edges of modules at the wrong pixels, and
 * often fails again in a picture that is nearly as large: so they are up to eight per cent smaller, as a hand that moves makes them.
 */
export const frames = [1, 0.99, 0.96, 0.92]

/** No look helps an older reader with this blur: plain squares fail there too, so it is asked once and says nothing of a look. */
const hopeless: ProofCondition = 'blurred'

/** What is done to a picture of so many pixels a module. */
const spoil: Record<ProofCondition, (picture: Raster, module: number) => Raster> = {
  clean: (picture) => picture,
  small: (picture) => picture,
  blurred: (picture, module) => blurred(picture, 0.5 * module),
  noisy: (picture) => noisy(picture, 20, 1),
  rotated: (picture) => rotated(picture, 11),
  tilted: (picture) => tilted(picture, 15),
  'low-contrast': (picture) => faded(picture, 0.4),
  'dark-surround': (picture) => surrounded(picture, usual / 10, wall),
}
/** A picture in a condition; whoever draws it is told the pixels across. */
export const trialOf = (
  drawn: (width: number) => Raster,
  modulesAcross: number,
  condition: ProofCondition,
  frame = 1,
): Raster => {
  const picture = drawn(Math.round((condition === 'small' ? little : usual) * frame))
  return spoil[condition](picture, picture.width / modulesAcross)
}

type Row = Proof['rows'][number] & { readIn: object }
/** Draws a design, spoils it in every way, and asks all readers. Heavy: see prove. */
export const proveNow = async (design: Design, logo: Uint8Array | null, text: string): Promise<Proof> => {
  const scene = sceneOf(text, design, logo && (await openLogo(logo)))
  const rows = proofConditions.map(
    (condition): Row => ({
      ...{ condition, zxing: 'not-read', qr: 'not-read', older: 'not-read' },
      readIn: {},
    }),
  )
  for (const [at, frame] of frames.entries()) {
    const note = (row: Row, reader: keyof Row['readIn'], read: string | null | undefined): void => {
      if (row[reader] === 'read' || read !== text) return
      row[reader] = 'read'
      row.readIn[reader] = at + 1
    }
    const open = rows.filter(
      ({ condition, zxing, qr, older }) =>
        [zxing, qr].includes('not-read') || (older === 'not-read' && (frame === frames[0] || condition !== hopeless)),
    )
    if (open.length === 0) break
    const pictures = open.map(({ condition }) => trialOf((width) => rasterOf(scene, width, 1), scene.width, condition, frame))
    const byZbar = readByZbar(pictures)
    for (const [index, row] of open.entries()) {
      const picture = pictures[index] as Raster
      if (row.zxing !== 'read') note(row, 'zxing', await readByZxing(picture))
      if (row.qr !== 'read') note(row, 'qr', readByQr(picture))
    }
    const older = await byZbar
    for (const [index, row] of open.entries()) {
      if (older) note(row, 'older', older[index])
      else if (row.older !== 'read') row.older = 'not-tried'
    }
  }
  const contrast = contrastOf(design)
  return {
    passes: contrast.every(({ passes }) => passes) && rows.every(({ zxing, qr }) => zxing === 'read' && qr === 'read'),
    contrast,
    rows,
    advice: adviceOn(design, scene, contrast, rows, logo !== null),
    symbol: {
      level: scene.level,
      modules: scene.modules,
      logo: scene.logo !== null,
      smallestMm: Math.ceil(smallestModule * (scene.modules + 2 * quiet)),
    },
  }
}

/** Ink that is as good as black cannot be darker. */
const black = 15
/** What helped readers when we tried designs. Where none of it is left to do, larger modules are. */
const adviceOn = (
  design: Design,
  scene: Scene,
  contrast: Proof['contrast'],
  rows: Proof['rows'],
  logoGiven: boolean,
): Proof['advice'] => {
  const failed = rows
    .filter(({ condition, zxing, qr, older }) => [zxing, qr, condition === hopeless ? 'read' : older].includes('not-read'))
    .map(({ condition }) => condition)
  const any = failed.length > 0
  const helps: Record<Proof['advice'][number], boolean> = {
    'touching-modules': any && (design.modules === 'dots' || design.modules === 'diamond'),
    'square-eyes': any && (design.eyeFrames !== 'square' || design.eyeBalls !== 'square'),
    'smaller-logo': any && scene.logo !== null,
    'darker-ink':
      contrast.some(({ passes }) => !passes) ||
      (failed.some((condition) => ['low-contrast', 'noisy', 'blurred'].includes(condition)) &&
        contrast.some(({ ratio }) => ratio < black)),
    'shorter-text': design.logo !== null && logoGiven && scene.logo === null,
    'print-larger': rows.some(
      ({ condition, zxing, qr, older }) =>
        ['small', 'blurred', 'noisy'].includes(condition) && [zxing, qr, older].includes('not-read'),
    ),
  }
  const advice = (Object.keys(helps) as Proof['advice']).filter((each) => helps[each])
  return any && advice.length === 0 ? ['print-larger'] : advice
}
