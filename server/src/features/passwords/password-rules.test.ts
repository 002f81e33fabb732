import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { normalisePassword, weaknessOf } from './password-rules.ts'

test('passwords of the list are refused, in any case and with marks between', () => {
  for (const text of [
    'q1w2e3r4t5y6u7i8',
    'Q1W2E3R4T5Y6U7I8O9P0',
    'websolutionssu',
    'mail-created-5240',
    'p a s s w o r d',
    'PASSWORD',
  ])
    assert.notEqual(weaknessOf(text, []), undefined, text)
})

test('repetitions, rows and sequences are refused', () => {
  const table: [string, string][] = [
    ['aaaaaaaaaaaaaaaa', 'repeats'],
    ['abcabcabcabcabcabc', 'repeats'],
    ['xK9!xK9!xK9!xK9!', 'repeats'],
    ['ababababababababa', 'repeats'],
    ['qwertyuiopasdfghjkl', 'sequence'],
    ['poiuytrewqlkjhgfdsa', 'sequence'],
    ['abcdefghijklmnopq', 'sequence'],
    ['zyxwvutsrqponmlk', 'sequence'],
    ['1234567890123456', 'sequence'],
    ['qwertz-asdfgh-yxcvbn', 'sequence'],
  ]
  for (const [text, expected] of table) {
    const weakness = weaknessOf(text, [])
    assert.ok(weakness === expected || weakness === 'common', `${text}: ${weakness}`)
  }
})

test('what is made of names is refused, however they are written, and a name beside enough else is not', () => {
  const names = ['ada.lovelace', 'Ada King-Lovelace', 'Postern', 'Ünïted Widgets']
  for (const text of ['ada.lovelace2026', 'Lovelace!Lovelace!1', 'postern-postern-1', 'AdaKingLovelace1', 'ünïtedwidgets1234'])
    assert.notEqual(weaknessOf(text, names), undefined, text)
  assert.equal(weaknessOf('postern keeps seventeen brass keys', names), undefined)
})

test('several unrelated words pass, in any script and with any marks: there are no composition rules', () => {
  for (const text of [
    'violet harbour walks 42 kilometres',
    'korrekt pferd batterie heftklammer',
    'śliwka z kompotem, poproszę',
    'правильная лошадь батарея',
    '    leading and trailing blanks    ',
    'onlylowercaseletterswithouttrick',
  ])
    assert.equal(weaknessOf(text, ['olga']), undefined, text)
})

test('one spelling reaches the hash: composed and decomposed letters are one password', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      assert.equal(normalisePassword(text.normalize('NFD')), normalisePassword(text.normalize('NFC')))
      assert.equal(normalisePassword(normalisePassword(text)), normalisePassword(text))
    }),
  )
  assert.notEqual(normalisePassword('Violet harbour'), normalisePassword('violet harbour'))
  assert.notEqual(normalisePassword(' violet'), normalisePassword('violet'))
})

/** Any UTF-16, also what is no Unicode. */
const anything = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 256 }).map((units) => String.fromCharCode(...units))
test('whatever is typed is judged without a throw and in no long time', () => {
  fc.assert(
    fc.property(anything, fc.array(fc.string({ maxLength: 64 }), { maxLength: 4 }), (text, names) => {
      const startedAt = performance.now()
      weaknessOf(text, names)
      assert.ok(performance.now() - startedAt < 500)
    }),
    { numRuns: 200 },
  )
})
