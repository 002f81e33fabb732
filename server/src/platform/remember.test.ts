import assert from 'node:assert/strict'
import { test } from 'node:test'
import { remember } from './remember.ts'

test('an answer is computed once a text, also where it is undefined, and all are forgotten when there are too many', () => {
  const asked: string[] = []
  const of = remember(2, (text) => {
    asked.push(text)
    return text === 'none' ? undefined : text.length
  })
  assert.deepEqual([of('none'), of('none'), of('four'), of('four')], [undefined, undefined, 4, 4])
  assert.deepEqual(asked, ['none', 'four'])
  assert.equal(of('third'), 5)
  assert.equal(of('four'), 4)
  assert.deepEqual(asked, ['none', 'four', 'third', 'four'])
})
