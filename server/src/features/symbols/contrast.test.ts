import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Design, plainDesign } from '@postern/contract'
import fc from 'fast-check'
import { contrastOf, contrastRatio, lightnessStep } from './contrast.ts'

const colour = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`)
const coloured = (modules: string, ground: string, eyes = '#000000'): Design => ({
  ...plainDesign,
  colours: { modules, eyes, ground },
})

test('the ratio is that of WCAG 2.2', () => {
  assert.equal(contrastRatio('#000000', '#ffffff'), 21)
  assert.equal(contrastRatio('#777777', '#ffffff').toFixed(2), '4.48')
  assert.equal(contrastRatio('#066278', '#ffffff').toFixed(2), '6.94')
  assert.equal(contrastRatio('#ffffff', '#ff0000').toFixed(2), '4.00')
})

test('a ratio that does not pass is never told as 4.5, and words are judged where there is a frame', () => {
  assert.deepEqual(contrastOf(coloured('#777777', '#ffffff'))[0], {
    pair: 'modules',
    ratio: 4.4,
    passes: false,
    inverted: false,
    nearest: { modules: '#767676' },
  })
  const framed = { ...coloured('#000000', '#ffffff', '#06b6d4'), frame: { text: 'Scan me' } }
  assert.deepEqual(
    contrastOf(framed).map(({ pair, passes }) => [pair, passes]),
    [
      ['modules', true],
      ['eyes', false],
      ['words', false],
    ],
  )
})

test('light on dark is refused, whatever its ratio', () => {
  const [modules] = contrastOf(coloured('#ffffff', '#000000'))
  assert.deepEqual([modules?.ratio, modules?.passes, modules?.inverted], [21, false, true])
})

test('property: what is told as nearest passes', () => {
  fc.assert(
    fc.property(colour, colour, (ink, ground) => {
      const [row] = contrastOf(coloured(ink, ground))
      if (row?.passes) return assert.equal(row.nearest, null)
      const better = { ...coloured(ink, ground).colours, ...row?.nearest }
      return assert.equal(contrastOf({ ...plainDesign, colours: better })[0]?.passes, true, JSON.stringify(better))
    }),
    { numRuns: 2_000 },
  )
})

test('property: a grey that is nearest is the lightest that passes, within a step', () => {
  const greys = Array.from({ length: 256 }, (_, value) => `#${value.toString(16).padStart(2, '0').repeat(3)}`)
  for (const ground of ['#ffffff', '#f4b443', '#86cadf', '#c0c0c0'])
    for (const ink of greys) {
      if (contrastRatio('#000000', ink) > contrastRatio('#000000', ground)) continue
      const [row] = contrastOf(coloured(ink, ground))
      if (!row || row.passes) continue
      const lightest = greys.findLastIndex((grey) => contrastRatio(grey, ground) >= 4.5)
      const told = greys.indexOf(row.nearest?.modules ?? '')
      // a step of lightness is less than two greys
      assert.ok(
        lightest - told >= 0 && lightest - told <= Math.ceil(lightnessStep * 2 * 256),
        `${ink} on ${ground}: ${told}, ${lightest}`,
      )
    }
})

test('property: the nearest keeps its hue', () => {
  const hue = (hex: string): number | null => {
    const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number]
    const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)]
    if (most - least < 60) return null
    const sector =
      most === red
        ? (green - blue) / (most - least)
        : most === green
          ? 2 + (blue - red) / (most - least)
          : 4 + (red - green) / (most - least)
    return (sector * 60 + 360) % 360
  }
  fc.assert(
    fc.property(colour, (ink) => {
      const nearest = contrastOf(coloured(ink, '#ffffff'))[0]?.nearest?.modules
      const [before, after] = [hue(ink), nearest && hue(nearest)]
      if (typeof before !== 'number' || typeof after !== 'number') return
      const apart = Math.abs(((before - after + 540) % 360) - 180)
      // hues of OKLCH bend a little against those of HSL
      assert.ok(apart < 40, `${ink} became ${nearest}: ${apart}°`)
    }),
    { numRuns: 1_000 },
  )
})
