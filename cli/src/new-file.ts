import { type FileHandle, open, rm } from 'node:fs/promises'
import { WrongUse } from './command.ts'

/**
 * Runs `write` on a new file that only its owner reads. It is opened first, for what nobody could write down would be lost; where
 * `write` fails nothing stays, for half a file looks like a whole one. Throws WrongUse.
 */
export const withNewFile = async <T>(option: string, file: string, write: (out: FileHandle) => Promise<T>): Promise<T> => {
  const out = await open(file, 'wx', 0o600).catch((error: { code?: string }) => {
    throw new WrongUse(
      `--${option} is ${file}; ${error.code === 'EEXIST' ? 'it exists already' : `it cannot be written (${error.code})`}`,
    )
  })
  try {
    return await write(out)
  } catch (error) {
    await rm(file, { force: true })
    throw error
  } finally {
    await out.close()
  }
}
