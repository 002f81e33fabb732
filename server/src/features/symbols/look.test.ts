import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Design, plainDesign } from '@postern/contract'
import { cleanLogo } from './index.ts'
import { openLogo } from './logo.ts'
import { measure } from './look.ts'
import { compareLook, isDistinctive, type KitLook } from './look-rules.ts'
import { findSymbols } from './photo.ts'
import { sceneOf } from './scene.ts'
import { anyhow, inks, link, logoUpload, photograph, photographs } from './test-support.ts'
import { Workshop } from './workshop.ts'

const { png } = await cleanLogo(await logoUpload())
const look = (modules: Design['modules'], eyes: Design['eyeFrames'], colours: keyof typeof inks, logo = false): KitLook => ({
  design: {
    ...plainDesign,
    ...{ modules, eyeFrames: eyes, eyeBalls: eyes, colours: inks[colours] },
    logo: logo ? { widthPercent: 22 } : null,
  },
  logo: logo ? png : null,
})
const seen = async (kit: KitLook, condition: string, text = link) => {
  const picture = await photograph(sceneOf(text, kit.design, kit.logo && (await openLogo(kit.logo))), condition)
  const [symbol] = await findSymbols(picture)
  assert.ok(symbol, `${condition}: not read`)
  return measure(picture, symbol)
}
const colourless = ['without colour', 'photocopied']
const told = ({ verdict, traits }: Awaited<ReturnType<typeof compareLook>>) =>
  `${verdict}: ${traits.filter((each) => each.verdict !== 'like').map((each) => `${each.trait} ${each.verdict}`)}`

const petrol = look('rounded', 'rounded', 'petrol', true)
const red = look('dots', 'circle', 'red')
const brown = look('square', 'square', 'brown')

test('a look is known again in every light, and the others of the street are told from it', async () => {
  const kits = [petrol, red]
  for (const kit of kits)
    for (const condition of Object.keys(photographs)) {
      const measured = await seen(kit, condition)
      const own = await compareLook(measured, kit)
      if (colourless.includes(condition)) assert.deepEqual([own.verdict, own.because], ['unclear', 'black-and-white'], condition)
      else assert.equal(own.verdict, 'like', `${condition}: ${told(own)}`)
      for (const other of kits)
        if (other !== kit) {
          const compared = await compareLook(measured, other)
          const wished = colourless.includes(condition) ? 'unclear' : 'unlike'
          assert.equal(compared.verdict, wished, `${condition}: ${told(compared)}`)
        }
    }
})

test('each trait is told by itself: colour, modules, eyes, a logo that is missing or too many', async () => {
  const changed = async (kit: KitLook, as: KitLook) => {
    const { verdict, traits } = await compareLook(await seen(kit, 'clean'), as)
    return [verdict, ...traits.filter((each) => each.verdict === 'unlike').map(({ trait }) => trait)]
  }
  assert.deepEqual(await changed(look('rounded', 'rounded', 'red', true), petrol), ['unlike', 'colours'])
  assert.deepEqual(await changed(look('dots', 'rounded', 'petrol', true), petrol), ['unlike', 'modules'])
  assert.deepEqual(await changed(look('rounded', 'square', 'petrol', true), petrol), ['unlike', 'eyes'])
  assert.deepEqual(await changed(look('rounded', 'rounded', 'petrol'), petrol), ['unlike', 'logo'])
  assert.deepEqual(await changed(petrol, look('rounded', 'rounded', 'petrol')), ['unlike', 'logo'])
})

test('a text that leaves no room for the logo is drawn without it, and still looks like its kit', async () => {
  const compared = await compareLook(await seen(petrol, 'clean', link.padEnd(130, 'x')), petrol)
  assert.equal(compared.verdict, 'like', told(compared))
})

test('a symbol of few pixels is not judged by its shapes', async () => {
  const measured = await seen(petrol, 'small')
  const compared = await compareLook({ ...measured, pixels: 2.4 }, look('dots', 'circle', 'petrol', true))
  assert.deepEqual([compared.verdict, compared.because], ['unclear', 'too-small'])
})

test('the largest symbols are laid flat in no more pixels than a thread has time for, and still told', async () => {
  const measured = await seen(red, 'clean', link.padEnd(1_400, 'x'))
  assert.ok(measured.flat.modules > 120 && measured.flat.side <= 750, `${measured.flat.modules}, ${measured.flat.side}`)
  assert.equal((await compareLook(measured, red)).verdict, 'like')
  assert.equal((await compareLook(measured, brown)).verdict, 'unlike')
})

test('photos taken anyhow are never called unlike their own look', async () => {
  for (const [number, kit] of [petrol, red, brown].entries()) {
    const picture = await anyhow(sceneOf(link, kit.design, kit.logo && (await openLogo(kit.logo))), 11 + number)
    const [symbol] = await findSymbols(picture)
    assert.ok(symbol)
    assert.notEqual((await compareLook(measure(picture, symbol), kit)).verdict, 'unlike')
  }
})

test('colour or a logo make a look that people know; black on white is everybody’s', () => {
  assert.deepEqual(
    [
      petrol,
      red,
      look('square', 'square', 'black'),
      look('dots', 'circle', 'black'),
      look('square', 'square', 'black', true),
    ].map(isDistinctive),
    [true, true, false, false, true],
  )
})

test('a job that overruns its time is ended with its thread, and the next begins a new one', async () => {
  const workshop = new Workshop({ most: 2, full: 'wait', seconds: 0.05 })
  const job = { kind: 'prove', design: plainDesign, logo: null, text: link } as const
  const answers = await Promise.allSettled([workshop.done(job), workshop.done(job), workshop.done(job)])
  assert.deepEqual(
    answers.map((each) => (each.status === 'rejected' ? [each.reason.code, each.reason.extras.retryAfter] : each.value)),
    [
      ['unavailable', 5],
      ['unavailable', 5],
      ['unavailable', 5],
    ],
  )
  await assert.rejects(workshop.done(job), { code: 'unavailable', message: /longer than 0.05 s/ })
})
