import type { Given } from './arguments.ts'
import { wholeIn } from './arguments.ts'
import type { Option } from './command.ts'

type Page<T> = { items: T[]; nextCursor: string | null }
const mostAPage = 200

export const limitOption: Record<string, Option> = { limit: { value: 'N', says: 'at most N rows; without it, all' } }

/** Follows the cursors of a list; `nextCursor` tells where a limit cut it off. */
export const allPages = async <T>(
  given: Given,
  read: (paging: { limit: number; cursor?: string }) => Promise<Page<T>>,
): Promise<Page<T>> => {
  const asked = given.text('limit')
  const most = asked === undefined ? Number.POSITIVE_INFINITY : wholeIn('limit', asked, 1)
  const items: T[] = []
  let cursor: string | null = null
  do {
    const page: Page<T> = await read({ limit: Math.min(mostAPage, most - items.length), ...(cursor ? { cursor } : {}) })
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor && items.length < most)
  return { items, nextCursor: cursor }
}
