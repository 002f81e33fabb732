import { measure } from './look.ts'
import { type Compared, compareLook, type KitLook } from './look-rules.ts'
import { findSymbols, openPhoto } from './photo.ts'

/** What a photo says and how it looks: the symbol that was judged, beside each look in their order. */
export type Judged = { text: string; compared: Compared[] }

/**
 * Reads a photo and lays its symbol beside looks. `text`: only a symbol that holds it is judged; else the largest. Null: no
 * such symbol was found. Refuses what is no picture, or too large a one. Heavy: see judgePhoto.
 */
export const judgePhotoNow = async (
  bytes: Uint8Array,
  text: string | undefined,
  looks: readonly KitLook[],
): Promise<Judged | null> => {
  const picture = await openPhoto(bytes)
  const symbols = await findSymbols(picture)
  const seen = text === undefined ? symbols[0] : symbols.find((each) => each.text.trim() === text.trim())
  if (!seen) return null
  const measured = measure(picture, seen)
  const compared: Compared[] = []
  for (const look of looks) compared.push(await compareLook(measured, look))
  return { text: seen.text, compared }
}
