import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fault } from '@postern/contract'
import fc from 'fast-check'
import { csvRow } from '../../platform/csv.ts'
import { Refusal } from '../../platform/refusal.ts'
import { readCsv } from './csv-file.ts'

const known = ['label', 'destination', 'owner']
const read = (csv: string) => readCsv(csv, known, ['label'])
const faultIn = async (csv: string): Promise<Partial<Fault>> => {
  try {
    await read(csv)
  } catch (error) {
    if (error instanceof Refusal) return error.extras.errors?.[0] ?? {}
    throw error
  }
  return { message: 'read' }
}
const refused = async (csv: string): Promise<string> => (await faultIn(csv)).message ?? ''

test('files as spreadsheets write them: BOM, three separators, quotes, line ends, headers in any case', async () => {
  const expected = [{ row: 1, values: { label: 'Gate 4, "north"', destination: 'https://example.org/a;b', owner: '' } }]
  for (const csv of [
    '\ufeffLabel,Destination,Owner\r\n"Gate 4, ""north""",https://example.org/a;b,\r\n',
    'label;DESTINATION;owner\n"Gate 4, ""north""";"https://example.org/a;b";\n\n',
    'la bel\tdesti-nation\tow_ner\rGate 4, "north"\thttps://example.org/a;b'.replace('Gate 4, "north"', '"Gate 4, ""north"""'),
  ])
    assert.deepEqual((await read(csv)).rows, expected, csv)
  assert.deepEqual((await read('label\nGate 4\n')).rows, [{ row: 1, values: { label: 'Gate 4' } }])
})

test('what cannot be read says where, and what would be right', async () => {
  assert.match(await refused('label,colour\na,b'), /has a column “colour”; it takes label, destination, owner/)
  assert.match(await refused('destination\na'), /has no column label/)
  assert.match(await refused('label,label\na,b'), /has the column label twice/)
  assert.match(await refused('label\n'), /no rows/)
  assert.match(await refused('  \n'), /is empty|has a column/)
  assert.match(await refused('label\nok\n"never closed'), /^line 3: a quote is opened and not closed/)
  assert.match(await refused('label\n"a"b'), /^line 2: after a closing quote/)
  assert.match(await refused('label\nZ\ufffdo\ufffdto'), /is not UTF-8/)
  assert.match(await refused(`label\n${'x\n'.repeat(50_001)}`), /more than 50000 rows/)
  assert.deepEqual((await read('label,owner\na,b,c')).rows[0]?.wrong, {
    message: 'has 3 cells, the header has 2',
    code: 'cells',
    values: { cells: 3, columns: 2 },
  })
})

test('each has a stable name, and the values that words in another language need', async () => {
  const columns = known.join(', ')
  const named: [string, Fault['code'], Fault['values']][] = [
    ['label,colour\na,b', 'unknown-column', { column: 'colour', columns }],
    ['destination\na', 'missing-column', { column: 'label', columns: 'label' }],
    ['label,label\na,b', 'column-twice', { column: 'label' }],
    ['label\n', 'no-rows', undefined],
    ['', 'no-header', { columns }],
    ['label\nok\n"never closed', 'quote-open', { line: '3' }],
    ['label\n"a"b', 'quote-closed', { line: '2' }],
    ['label\na"b"', 'quote-inside', { line: '2' }],
    ['label\nZ\ufffdo', 'not-utf8', undefined],
    [`label\n${'x\n'.repeat(50_001)}`, 'too-many-rows', { most: 50_000 }],
  ]
  for (const [csv, code, values] of named) {
    const fault = await faultIn(csv)
    assert.deepEqual([fault.code, fault.values], [code, values], csv.slice(0, 40))
  }
})

test('others are served while a large file is read, and no letter is cut where it goes on', async () => {
  const label = 'łóżko'.repeat(4)
  let [turns, over] = [0, false]
  const turn = (): void => {
    turns++
    if (!over) setImmediate(turn)
  }
  setImmediate(turn)
  const { rows } = await read(`label\n${`${label}\n`.repeat(50_000)}`)
  over = true
  assert.deepEqual([rows.length, rows.filter(({ values }) => values.label !== label).length], [50_000, 0])
  assert.ok(turns > 20, `${turns} turns`)
})

test('property: what our writer writes is read back, whatever the cells are; a formula is no formula on the way out', async () => {
  const cell = fc
    .string({ unit: 'binary', maxLength: 30 })
    .filter((text) => text.isWellFormed() && !/[\0\ufffd\ufeff]/.test(text))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }), async (rows) => {
      const csv = [csvRow(known), ...rows.map((row) => csvRow(row))].join('')
      for (const line of rows.flat()) assert.doesNotMatch(csvRow([line]).slice(0, -2), /^"?[=+\-@\t\r]/)
      const back = (await read(csv)).rows.map(({ values }) => known.map((name) => values[name]))
      assert.deepEqual(
        back,
        rows.map((row) => row.map((each) => each.replace(/^'(?=[=+\-@\t\r])/, '').trim())),
      )
    }),
    { numRuns: 500 },
  )
})

test('property: no text at all breaks the reader: it is read, or refused by name', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: fc.constantFrom(',', ';', '\t', '"', '\n', '\r', "'", '=', 'l', 'label', ' ', 'ł'), maxLength: 60 }),
      async (text) => {
        assert.equal(typeof (await refused(text)), 'string')
        assert.equal(typeof (await refused(`label,owner\n${text}`)), 'string')
      },
    ),
    { numRuns: 2_000 },
  )
})
