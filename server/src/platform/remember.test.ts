import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Remembered, remember } from './remember.ts'

test('an answer is computed once a text, also where it is undefined', () => {
  const asked: string[] = []
  const of = remember(2, (text) => {
    asked.push(text)
    return text === 'none' ? undefined : text.length
  })
  assert.deepEqual([of('none'), of('none'), of('four'), of('four')], [undefined, undefined, 4, 4])
  assert.deepEqual(asked, ['none', 'four'])
})

test('the last texts are known, what is asked for stays, and there are never more than twice as many', () => {
  const known = new Remembered<number>(3)
  const are = (...texts: string[]) => texts.map((text) => known.get(text) !== undefined)
  for (const [at, text] of ['a', 'b', 'c', 'd', 'e'].entries()) known.set(text, at)
  // asked for, `a` is among the younger ones again
  assert.equal(known.get('a'), 0)
  known.set('f', 5)
  assert.deepEqual(are('b', 'c'), [false, false])
  assert.deepEqual(are('a', 'd', 'e', 'f'), [true, true, true, true])
  for (let n = 0; n < 100; n++) known.set(`n${n}`, n)
  assert.equal(Array.from({ length: 100 }, (_, n) => known.get(`n${n}`)).filter((value) => value !== undefined).length <= 6, true)
})
