import { type Brand, Design, type Logo, plainDesign } from '@postern/contract'
import { useState } from 'react'

/** What is being edited: a kit's look as it may become its next version. */
export type Draft = { name: string; design: Design; logo: Logo | null }
/** With the version that it began from: what somebody saved meanwhile is not saved over unseen. */
type Kept = Draft & { base: number }

const of = (brand: Brand | undefined): Kept =>
  brand
    ? { base: brand.version, name: brand.name, design: brand.design, logo: brand.logo }
    : { base: 0, name: '', design: plainDesign, logo: null }
const place = (id: string) => `postern-brand-${id}`
const keptIn = (id: string): Kept | undefined => {
  try {
    const kept = JSON.parse(sessionStorage.getItem(place(id)) ?? 'null') as Kept | null
    return kept && Design.safeParse(kept.design).success ? kept : undefined
  } catch {
    return undefined
  }
}
const keep = (id: string, kept: Kept | undefined) => {
  try {
    if (kept) sessionStorage.setItem(place(id), JSON.stringify(kept))
    else sessionStorage.removeItem(place(id))
  } catch {
    // storage is blocked: the draft lives as long as its page
  }
}
const same = (one: Draft, other: Draft): boolean =>
  one.name.trim() === other.name &&
  JSON.stringify(one.design) === JSON.stringify(other.design) &&
  (one.design.logo === null || one.logo?.id === other.logo?.id)

/** The draft of a kit, kept in the tab: who leaves the page finds it again. `new` is a kit that is none yet. */
export const useDraft = (id: string, brand: Brand | undefined) => {
  const [edited, setEdited] = useState(() => keptIn(id))
  const saved = of(brand)
  const draft = edited ?? saved
  const dirty = edited !== undefined && !same(edited, saved)
  const put = (next: Kept | undefined) => {
    keep(id, next)
    setEdited(next)
  }
  const change = (part: Partial<Draft>) => put({ ...draft, ...part })
  return {
    draft,
    dirty,
    /** Somebody saved a version after this draft began. */
    overtaken: dirty && draft.base !== saved.base,
    change,
    redesign: (part: Partial<Design>) => change({ design: { ...draft.design, ...part } }),
    /** Begins from the version of now, with what was edited. */
    rebase: () => put({ ...draft, base: saved.base }),
    discard: () => put(undefined),
  }
}
