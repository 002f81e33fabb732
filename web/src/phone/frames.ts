/** What a text read off a symbol is to us. Only an address of a code on our own origin is ever opened. */
export type Seen =
  | { is: 'foreign'; text: string }
  | { is: 'code'; id: string; url: string }
  | { is: 'frame'; id: string; n: number; frame: string }

export const seenAs = (text: string, origin: string): Seen => {
  const start = `${origin}/c/`
  // no parser between the eye and the rule: what is not letter by letter ours is foreign
  const [, id, secret] = (text.startsWith(start) && /^(\w{1,64})(?:#([\w.-]{1,128}))?$/.exec(text.slice(start.length))) || []
  if (!id) return { is: 'foreign', text }
  const n = secret && /^(0|[1-9]\d{0,5})\.[\w-]{22}$/.exec(secret)?.[1]
  return secret && n ? { is: 'frame', id, n: Number(n), frame: secret } : { is: 'code', id, url: text }
}

/** Three frames of one moving code in a row, n, n + 1, n + 2: that many have been seen alive, and no photo has three. */
export const framesWanted = 3
export const rowOfFrames = () => {
  let row: { id: string; n: number; frame: string }[] = []
  return {
    /** Takes a frame; the row as it is now, oldest first. A gap, a step back or another code begin it anew. */
    take: (seen: { id: string; n: number; frame: string }): string[] => {
      const last = row.at(-1)
      if (last?.id === seen.id && last.n === seen.n) return row.map(({ frame }) => frame)
      row = last?.id === seen.id && last.n + 1 === seen.n ? [...row, seen].slice(-framesWanted) : [seen]
      return row.map(({ frame }) => frame)
    },
    clear: () => {
      row = []
    },
  }
}
