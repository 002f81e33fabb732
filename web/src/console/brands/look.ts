import { useDebouncedValue } from '@mantine/hooks'
import { type Brand, brandSymbol, type Design, type Logo, type Proof, previewBrand } from '@postern/contract'
import { useMemo } from 'react'
import { useCall } from '../calls.ts'
import { pictureOf, svgPicture } from './picture.ts'

export type Look = {
  /** The address of the picture, of the design shown or the one before it. */
  picture: string | undefined
  proof: Proof | undefined
  /** What stands here is of an earlier design: the one on screen is being drawn and read. */
  checking: boolean
  tookMs: number | undefined
  error: unknown
  retry: () => void
}

/** How a kit looks as it is saved, with the proof of that version. */
const useSaved = (brand: Brand | undefined, enabled: boolean): Look => {
  const { data, error, refetch } = useCall(
    brandSymbol,
    { id: brand?.id ?? '', version: brand?.version ?? 1 },
    { enabled: enabled && brand !== undefined },
  )
  const picture = useMemo(() => data && pictureOf(data, 'image/svg+xml'), [data])
  return {
    picture,
    proof: brand?.proof,
    checking: false,
    tookMs: undefined,
    error,
    retry: () => void refetch(),
  }
}
/**
 * How a design looks that nobody saved: drawn and proved by the server as one edits. A pause of the hand sends it; what is
 * overtaken by the next is cancelled.
 */
const useEdited = (design: Design, logo: Logo | null, enabled: boolean): Look => {
  const wanted = useMemo(() => ({ design, logo: design.logo && logo ? logo.id : null }), [design, logo])
  const [settled] = useDebouncedValue(wanted, 250)
  const { data, error, isPlaceholderData, isFetching, refetch } = useCall(previewBrand, settled, { enabled })
  const picture = useMemo(() => data && svgPicture(data.svg), [data])
  const behind = settled !== wanted || isPlaceholderData || (isFetching && !data)
  return {
    picture,
    proof: data?.proof,
    checking: behind,
    tookMs: data?.tookMs,
    error: behind ? undefined : error,
    retry: () => void refetch(),
  }
}
/** What to show: the saved look until something is edited. */
export const useLook = (brand: Brand | undefined, draft: { design: Design; logo: Logo | null }, edited: boolean): Look => {
  const saved = useSaved(brand, !edited)
  const fresh = useEdited(draft.design, draft.logo, edited)
  if (!edited) return saved
  // until the first answer what is saved stands there, dimmed: nothing goes blank at the first touch
  return { ...fresh, picture: fresh.picture ?? saved.picture, proof: fresh.proof ?? (fresh.checking ? saved.proof : undefined) }
}
