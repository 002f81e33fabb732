import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Group, GroupClosed } from './group.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))
const broken = (code: string) => Object.assign(new Error(code), { code })

test('entries of one turn share a statement, each gets its own answer', async () => {
  const groups: number[][] = []
  const group = new Group<number, number>({
    run: async (entries) => {
      groups.push([...entries])
      return entries.map((each) => each * 2)
    },
  })
  assert.deepEqual(await Promise.all([1, 2, 3].map((each) => group.submit(each))), [2, 4, 6])
  assert.deepEqual(groups, [[1, 2, 3]])
})

test('two entries of one key never share a group, and none is lost or answered for another', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 }), fc.constantFrom(1, 2), async (keys, lanes) => {
      let running = 0
      const group = new Group<{ key: number; at: number }, number>({
        run: async (entries) => {
          running++
          assert.ok(running <= lanes)
          assert.equal(new Set(entries.map(({ key }) => key)).size, entries.length)
          await turn()
          running--
          return entries.map(({ at }) => at)
        },
        keyOf: ({ key }) => String(key),
        lanes,
        maxGroup: 7,
      })
      const answers = await Promise.all(keys.map((key, at) => group.submit({ key, at })))
      assert.deepEqual(
        answers,
        keys.map((_, at) => at),
      )
    }),
    { numRuns: 50 },
  )
})

test('whenever entries come and however long groups take, none is left waiting, and draining ends', async () => {
  const turns = async (n: number) => {
    for (let at = 0; at < n; at++) await turn()
  }
  const comings = fc.array(fc.record({ after: fc.integer({ min: 0, max: 3 }), takes: fc.integer({ min: 0, max: 6 }) }), {
    maxLength: 40,
  })
  await fc.assert(
    fc.asyncProperty(comings, fc.constantFrom(1, 2, 3), fc.constantFrom(2, 7, 256), async (entries, lanes, maxGroup) => {
      const group = new Group<{ at: number; takes: number }, number>({
        run: async (together) => {
          await turns(Math.max(...together.map(({ takes }) => takes)))
          return together.map(({ at }) => at)
        },
        lanes,
        maxGroup,
      })
      const answers: Promise<number>[] = []
      for (const [at, { after, takes }] of entries.entries()) {
        await turns(after)
        answers.push(group.submit({ at, takes }))
      }
      await group.drain()
      assert.deepEqual(await Promise.all(answers), [...entries.keys()])
    }),
    { numRuns: 100 },
  )
})

test('another group goes beside the one under way once it is as large, and a smaller one when that has ended', async () => {
  const groups: { entries: number[]; end: () => void }[] = []
  const group = new Group<number, number>({
    run: (entries) =>
      new Promise((resolve) => {
        groups.push({ entries: [...entries], end: () => resolve(entries) })
      }),
    lanes: 2,
  })
  const submit = (...entries: number[]) => entries.map((each) => group.submit(each))
  const begun = () => groups.map(({ entries }) => entries)
  const answers = submit(1, 2)
  await turn()
  answers.push(...submit(3))
  await turn()
  assert.deepEqual(begun(), [[1, 2]])
  answers.push(...submit(4))
  await turn()
  assert.deepEqual(begun(), [
    [1, 2],
    [3, 4],
  ])
  answers.push(...submit(5, 6, 7, 8, 9))
  await turn()
  assert.equal(groups.length, 2)
  groups[1]?.end()
  await turn()
  assert.deepEqual(begun()[2], [5, 6, 7, 8, 9])
  answers.push(...submit(10))
  groups[0]?.end()
  await turn()
  assert.equal(groups.length, 3)
  groups[2]?.end()
  await turn()
  assert.deepEqual(begun()[3], [10])
  groups[3]?.end()
  assert.deepEqual(await Promise.all(answers), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

test('where the statement rolled back, the poisoned entry fails alone', async () => {
  const group = new Group<string, string>({
    run: async (entries) => {
      if (entries.includes('poison')) throw broken('23505')
      return entries
    },
  })
  const answers = await Promise.allSettled(['a', 'poison', 'b'].map((each) => group.submit(each)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})

test('after a lost connection nothing is tried again: the commit may stand', async () => {
  for (const code of ['08006', '57P01', 'ECONNRESET']) {
    let runs = 0
    const group = new Group<string, string>({
      run: async () => {
        runs++
        throw broken(code)
      },
    })
    const answers = await Promise.allSettled(['a', 'b'].map((each) => group.submit(each)))
    assert.ok(answers.every(({ status }) => status === 'rejected'))
    assert.equal(runs, 1, code)
  }
})

test('a statement that answers fewer rows than it got is an error for all, not an answer of another', async () => {
  const group = new Group<number, number>({ run: async (entries) => entries.slice(1) })
  const answers = await Promise.allSettled([1, 2].map((each) => group.submit(each)))
  assert.ok(answers.every(({ status }) => status === 'rejected'))
})

test('beyond its bounds it refuses at once; draining waits for what was accepted and takes nothing more', async () => {
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const group = new Group<number, number>({
    run: async (entries) => {
      await gate
      return entries
    },
    maxGroup: 1,
    maxWaiting: 2,
  })
  const first = group.submit(1)
  await turn()
  const waiting = [group.submit(2), group.submit(3)]
  await assert.rejects(group.submit(4), GroupClosed)
  const drained = group.drain()
  await assert.rejects(group.submit(5), GroupClosed)
  open()
  assert.deepEqual(await Promise.all([first, ...waiting]), [1, 2, 3])
  await drained
})
