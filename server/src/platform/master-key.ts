import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { sql } from 'kysely'
import type { Db } from './db.ts'
import { makeFolder } from './folders.ts'
import { masterKeyId } from './keys.ts'

/** A start that cannot go on: `message` is one clear line for the terminal. */
export class StartError extends Error {}

const read = (file: string): Buffer | undefined => {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new StartError(`The master key ${file} cannot be read: ${(error as Error).message}`)
  }
  const key = Buffer.from(text, 'base64url')
  if (key.length !== 32) throw new StartError(`The master key ${file} is damaged: it must hold 32 bytes in base64url`)
  return key
}
/** Written whole or not at all, mode 0600, never over another: of two processes at once one makes it, both read it. */
const make = (file: string): void => {
  makeFolder(dirname(file), 0o700)
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
  try {
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
}

/** The id that the database keeps of its master key; undefined while the database is empty. */
const storedId = async (db: Db): Promise<string | undefined> => {
  const { rows } = await sql<{ found: boolean }>`select to_regclass('deployment') is not null as found`.execute(db)
  if (!rows[0]?.found) return undefined
  return (await db.selectFrom('deployment').select('masterKeyId').executeTakeFirst())?.masterKeyId
}

/**
 * The master key: made only when the database is empty; otherwise a missing or other key stops the start, for the
 * database stores the key's id. Called before the migrations, so that nothing is written with a wrong key.
 */
export const openMasterKey = async (db: Db, file: string): Promise<Buffer> => {
  const stored = await storedId(db)
  if (stored === undefined) make(file)
  const key = read(file)
  if (!key)
    throw new StartError(
      `The master key ${file} is missing. Bring it back from your backup: without it nothing that is sealed can be opened.`,
    )
  if (stored !== undefined && stored !== masterKeyId(key))
    throw new StartError(`The master key ${file} is not this database’s. POSTERN_KEY_FILE must name the one it was set up with.`)
  return key
}
/** Sets the deployment's row up, once; a second process finds it. */
export const ensureDeployment = async (db: Db, key: Buffer): Promise<void> => {
  await db
    .insertInto('deployment')
    .values({ masterKeyId: masterKeyId(key), rpId: null })
    .onConflict((on) => on.column('one').doNothing())
    .execute()
  if ((await storedId(db)) !== masterKeyId(key))
    throw new StartError('Another process set this database up with another master key. Every process needs the same file.')
}
