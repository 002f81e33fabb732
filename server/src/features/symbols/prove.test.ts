import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Proof, plainDesign, proofConditions } from '@postern/contract'
import { blurred, faded, noisy, rotated, surrounded, tilted } from './degrade.ts'
import { cleanLogo, drawSymbol, prove } from './index.ts'
import { frames, proveNow, sampleText, trialOf } from './prove.ts'
import { type Raster, rasterOf } from './raster.ts'
import { hasOlderReader } from './readers.ts'
import { sceneOf } from './scene.ts'
import { link, logoUpload, petrol, styles } from './test-support.ts'

const grey = (width: number, height: number, of: (x: number, y: number) => number): Raster => ({
  width,
  height,
  channels: 1,
  data: Uint8Array.from({ length: width * height }, (_, at) => of(at % width, Math.floor(at / width))),
})
const deviation = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

test('noise has the deviation asked for, is alike among neighbours, and the same in each run', () => {
  const flat = grey(300, 300, () => 128)
  const { data } = noisy(flat, 20, 1)
  const values = [...data]
  assert.ok(Math.abs(deviation(values) - 20) < 0.5, String(deviation(values)))
  const pairs = values.slice(0, -1).map((value, at) => (value - 128) * ((values[at + 1] as number) - 128))
  const alike = pairs.reduce((sum, value) => sum + value, 0) / pairs.length / 400
  assert.ok(alike > 0.6 && alike < 0.95, `correlation ${alike}`)
  assert.deepEqual(noisy(flat, 20, 1).data, data)
  assert.notDeepEqual(noisy(flat, 20, 2).data, data)
})

test('a blur spreads a point to its deviation and keeps its light', () => {
  const point = blurred(
    grey(61, 61, (x, y) => (x > 27 && x < 33 && y > 27 && y < 33 ? 255 : 0)),
    4,
  )
  const across = Array.from({ length: 61 }, (_, x) => {
    let sum = 0
    for (let y = 0; y < 61; y++) sum += point.data[y * 61 + x] as number
    return sum
  })
  const light = across.reduce((sum, value) => sum + value, 0)
  assert.ok(Math.abs(light / (25 * 255) - 1) < 0.1)
  const spread = Math.sqrt(across.reduce((sum, value, x) => sum + value * (x - 30) ** 2, 0) / light)
  // five pixels wide to begin with
  assert.ok(Math.abs(spread - Math.hypot(4, Math.sqrt(2))) < 0.3, String(spread))
})

test('fading leaves that share of the contrast, and a surround touches the picture', () => {
  const edge = grey(2, 1, (x) => x * 255)
  const [dark, light] = faded(edge, 0.4).data as unknown as [number, number]
  assert.equal(light - dark, 153)
  const framed = surrounded(edge, 3, 18)
  assert.deepEqual([framed.width, framed.height], [8, 7])
  assert.deepEqual([...framed.data.subarray(3 * 8, 4 * 8)], [18, 18, 18, 0, 255, 18, 18, 18])
})

test('a rotation turns by its degrees', () => {
  const bar = rotated(
    grey(201, 201, (x) => (x > 97 && x < 103 ? 0 : 255)),
    11,
  )
  const middleOf = (row: number): number => {
    const dark = Array.from({ length: bar.width }, (_, x) => x).filter((x) => (bar.data[row * bar.width + x] as number) < 128)
    return dark.reduce((sum, x) => sum + x, 0) / dark.length
  }
  const [above, below] = [middleOf(Math.round(bar.height / 2) - 60), middleOf(Math.round(bar.height / 2) + 60)]
  assert.ok(Math.abs((Math.atan(Math.abs(above - below) / 120) * 180) / Math.PI - 11) < 1)
})

test('a tilt makes one side shorter, and all of it narrower', () => {
  const square = tilted(
    grey(201, 201, (x, y) => (x > 20 && x < 180 && y > 20 && y < 180 ? 0 : 255)),
    15,
  )
  const heights = Array.from({ length: square.width }, (_, x) => {
    let count = 0
    for (let y = 0; y < square.height; y++) if ((square.data[y * square.width + x] as number) < 128) count++
    return count
  }).filter((height) => height > 0)
  const [first, last] = [heights[2] as number, heights.at(-3) as number]
  assert.ok(first - last > 6 && first - last < 20, `${first} and ${last}`)
  assert.ok(Math.abs(heights.length / 159 - Math.cos((15 * Math.PI) / 180)) < 0.02)
})

test('a condition is the same picture in each run, and another one in the next frame', () => {
  const scene = sceneOf(link, plainDesign)
  for (const condition of proofConditions) {
    const draw = (frame?: number): Raster => trialOf((width) => rasterOf(scene, width, 1), scene.width, condition, frame)
    assert.deepEqual(draw(), draw())
    assert.equal(new Set(frames.map((frame) => draw(frame).width)).size, frames.length)
  }
})

test('the plain look, and each style, is read by both proof readers in every condition, and each row says in which picture', async () => {
  const pictures: number[] = []
  for (const design of [plainDesign, ...styles]) {
    const proof = await prove(design, null, sampleText)
    assert.deepEqual(Proof.parse(JSON.parse(JSON.stringify(proof))), proof)
    assert.deepEqual(
      proof.rows.map(({ condition, zxing, qr }) => [condition, zxing, qr]),
      proofConditions.map((condition) => [condition, 'read', 'read']),
      `${design.modules}, ${design.eyeFrames}`,
    )
    assert.equal(proof.passes, true)
    for (const { condition, readIn = {}, ...readings } of proof.rows) {
      for (const [reader, reading] of Object.entries(readings))
        assert.equal(reader in readIn, reading === 'read', `${design.modules}, ${condition}, ${reader}`)
      pictures.push(...(Object.values(readIn) as number[]))
    }
  }
  assert.deepEqual([...new Set(pictures)].sort(), [1, 2], 'some style takes a second in some condition')
})

test('a design with frame and logo passes, and says how it is to be printed', async () => {
  const { png } = await cleanLogo(await logoUpload())
  const design = {
    ...plainDesign,
    modules: 'rounded' as const,
    colours: petrol,
    frame: { text: 'Scan before you enter' },
    logo: { widthPercent: 22 },
  }
  const proof = await prove(design, png, link)
  assert.equal(proof.passes, true)
  assert.deepEqual([proof.symbol.level, proof.symbol.logo], ['Q', true])
  assert.equal(proof.symbol.smallestMm, 20)
  const long = await prove(design, png, link.padEnd(130, 'x'))
  assert.equal(long.symbol.logo, false)
  assert.ok(long.advice.includes('shorter-text'))
})

test('an older reader that is ended before it has answered, or fails, was not tried; its failure is never without advice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-older-'))
  const path = process.env.PATH
  const zbarimg = (script: string): void => writeFileSync(join(folder, 'zbarimg'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const olderOf = async (): Promise<[string[], string[]]> => {
    const { rows, advice } = await proveNow(plainDesign, null, link)
    return [[...new Set(rows.map(({ older }) => older))], advice]
  }
  try {
    process.env.PATH = `${folder}:${path}`
    for (const script of ['kill -TERM $$', 'cat >/dev/null; kill -KILL $$', 'exit 1']) {
      zbarimg(script)
      assert.deepEqual(await olderOf(), [['not-tried'], []], script)
      assert.equal(await hasOlderReader(), false)
    }
    // it looked, and found nothing
    zbarimg('cat >/dev/null; exit 4')
    assert.deepEqual(await olderOf(), [['not-read'], ['print-larger']])
    process.env.PATH = '/nowhere'
    assert.deepEqual(await olderOf(), [['not-tried'], []])
  } finally {
    process.env.PATH = path
    rmSync(folder, { recursive: true })
  }
  assert.equal(await hasOlderReader(), true)
})

test('what the older reader misses is a label with what to change, and no refusal', async () => {
  const round = styles.find(({ modules, eyeFrames }) => modules === 'dots' && eyeFrames === 'circle')
  assert.ok(round)
  const { png } = await cleanLogo(await logoUpload())
  const proof = await proveNow({ ...round, frame: { text: 'Scan me' }, logo: { widthPercent: 22 } }, png, link)
  assert.ok(proof.rows.some(({ older }) => older === 'not-read'))
  assert.ok(proof.advice.includes('touching-modules') && proof.advice.includes('square-eyes'))
})

test('a design that readers fail on does not pass', async () => {
  // a dark logo on a ground nearly as dark: the readers cannot tell ink from ground
  const design = { ...plainDesign, colours: { modules: '#777777', eyes: '#777777', ground: '#7f7f7f' } }
  const proof = await prove(design)
  assert.equal(proof.passes, false)
  assert.ok(proof.rows.some(({ zxing, qr }) => zxing === 'not-read' || qr === 'not-read'))
  assert.ok(proof.advice.includes('darker-ink'))
  assert.equal(proof.contrast[0]?.passes, false)
})

test('where ink that has contrast enough is still too pale for a reader, a darker one is what to change', async () => {
  // the nearest grey that passes on white, beside eyes that are nearly black
  const withInk = (modules: string) =>
    prove({ ...plainDesign, colours: { ...plainDesign.colours, modules } }, null, `http://localhost:8601/c/cod_${'0'.repeat(26)}`)
  const pale = await withInk('#767676')
  assert.deepEqual([pale.contrast.every(({ passes }) => passes), pale.passes], [true, false])
  assert.ok(pale.advice.includes('darker-ink'), pale.advice.join(', '))
  assert.equal((await withInk('#5a5a5a')).passes, true)
})

test('inverted designs do not pass, though readers read them', async () => {
  const design = { ...plainDesign, colours: { modules: '#ffffff', eyes: '#ffffff', ground: '#000000' } }
  assert.equal((await prove(design)).passes, false)
  await assert.rejects(drawSymbol(link, { design }, { format: 'svg' }), {
    code: 'invalid-request',
    message: /lighter than the ground/,
  })
})

test('proofs run apart: the event loop goes on, a queue that is full says so, and refusals keep their code', async () => {
  let longest = 0
  let at = performance.now()
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - at)
    at = performance.now()
  }, 5)
  const look = { design: { ...plainDesign, modules: 'dots' as const } }
  const draw = (): Promise<unknown> => drawSymbol(link, look, { format: 'pdf', widthMm: 30 })
  const many = await Promise.allSettled([prove(plainDesign), ...Array.from({ length: 19 }, draw)])
  clearInterval(beat)
  const refusals = many.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []))
  assert.deepEqual(refusals, ['unavailable', 'unavailable', 'unavailable', 'unavailable'])
  assert.ok(longest < 500, `the event loop stood for ${longest} ms`)
  await draw()
  await assert.rejects(prove({ ...plainDesign, frame: { text: '漢' } }), { name: 'Refusal', code: 'invalid-request' })
})
