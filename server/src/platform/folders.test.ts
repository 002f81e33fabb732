import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { makeFolder } from './folders.ts'

const scratch = mkdtempSync(join(tmpdir(), 'postern-folders-'))
after(() => rmSync(scratch, { recursive: true }))

test('a folder is made with those above it, in the mode asked for, and is left alone where it is there', () => {
  const path = join(scratch, 'a/b/c')
  makeFolder(path, 0o700)
  for (const made of [path, join(scratch, 'a')]) assert.equal(statSync(made).mode & 0o777, 0o700)
  makeFolder(path, 0o755)
  assert.equal(statSync(path).mode & 0o777, 0o700)
  const file = join(scratch, 'file')
  writeFileSync(file, '')
  assert.throws(() => makeFolder(file), /EEXIST/)
  assert.throws(() => makeFolder(join(file, 'inner')), /ENOTDIR/)
})

test('where no folder can be made it says so, and comes back', async () => {
  // in a process of its own: what does not come back cannot be stopped in this one
  const program = `import { makeFolder } from ${JSON.stringify(join(import.meta.dirname, 'folders.ts'))}; makeFolder('/proc/nowhere/data')`
  await assert.rejects(
    promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 30_000, killSignal: 'SIGKILL' }),
    /ENOENT/,
  )
})
