import type { CallIn, Code, listCodes } from '@postern/contract'

/** Rows that were selected, or all that a filter finds. */
export type Many =
  | { codes: readonly Code[] }
  | {
      filter: CallIn<typeof listCodes>
      /** Those that the act is about. */
      total: number
      /** More that match, and that it leaves as they are; undefined where they are not counted to the last one. */
      left: number | undefined
    }

/** What an act is about, and how many of the selected it leaves as they are. */
export const split = (many: Many, takes: (code: Code) => boolean) => {
  if ('filter' in many) return { taken: undefined, count: many.total, left: many.left ?? 0 }
  const taken = many.codes.filter(takes)
  return { taken, count: taken.length, left: many.codes.length - taken.length }
}

/** As a bulk call names them. */
export const which = (taken: readonly Code[] | undefined, many: Many) =>
  taken ? { ids: taken.map(({ id }) => id) } : 'filter' in many ? { filter: many.filter } : {}
