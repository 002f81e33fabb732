import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderingFor, symbolText } from './index.ts'
import type { Raster } from './raster.ts'
import { readByQr } from './readers.ts'
import { saidBy } from './terminal.ts'
import { link } from './test-support.ts'

const scale = 4
const picture = (rows: boolean[][]): Raster => {
  const [width, height] = [(rows[0]?.length ?? 0) * scale, rows.length * scale]
  return {
    width,
    height,
    channels: 1,
    data: Uint8Array.from({ length: width * height }, (_, at) =>
      rows[Math.floor(at / width / scale)]?.[Math.floor((at % width) / scale)] ? 255 : 0,
    ),
  }
}

test('blocks are read as a dark terminal shows them, from a line of their own', () => {
  const text = symbolText(link, 'blocks')
  assert.ok(text.startsWith('\n') && text.endsWith('\n'))
  const lines = text.trim().split('\n')
  const light = lines.flatMap((line) => [
    [...line].map((sign) => '█▀'.includes(sign)),
    [...line].map((sign) => '█▄'.includes(sign)),
  ])
  assert.equal(readByQr(picture(light)), link)
})

test('ASCII is read as a light page shows it, and holds nothing but # and blanks', () => {
  const text = symbolText(link, 'ascii')
  assert.match(text, /^\n(?:(?:##| {2})+\n)+$/)
  const lines = text.slice(1, -1).split('\n')
  assert.equal(
    readByQr(picture(lines.map((line) => [...line].filter((_, at) => at % 2 === 0).map((sign) => sign === ' ')))),
    link,
  )
})

test('what leaves is read back from its signs: lines that are lost, or another symbol in its place, is found', () => {
  for (const rendering of ['blocks', 'ascii'] as const) {
    const drawn = symbolText(link, rendering)
    assert.equal(saidBy(drawn, rendering), link)
    const lines = drawn.split('\n')
    assert.equal(saidBy(lines.filter((_, at) => at % 3 > 0).join('\n'), rendering), null)
    assert.notEqual(saidBy(symbolText(`${link}/x`, rendering), rendering), link)
  }
})

test('the locale says what a terminal can show', () => {
  const cases = {
    'pl_PL.UTF-8': 'blocks',
    'C.utf8': 'blocks',
    C: 'ascii',
    POSIX: 'ascii',
    'pl_PL.ISO-8859-2': 'ascii',
    'ja_JP.SJIS': 'address',
  }
  for (const [locale, rendering] of Object.entries(cases)) assert.equal(renderingFor(locale), rendering, locale)
})
