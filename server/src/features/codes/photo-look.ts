import { type Look, type LookTrait, plainDesign, type WhyUnclear, whyUnclear } from '@postern/contract'
import { type Compared, isDistinctive, judgePhoto, listLooks } from '../symbols/index.ts'
import type { CodesDeps } from './codes.ts'

/** Looks that a photo is laid beside: of more kits and versions only the newest are known. */
const mostLooks = 100

/** The kit that a code names, null the default; `plain`: it may also be drawn plain, as screens of ours do. */
export type DrawnBy = { brand: string | null; plain: boolean }
/** A look of ours beside the symbol of a photo. `brand` null: the plain look of our screens. */
type Beside = Compared & { brand: string | null; name: string; isDefault: boolean; now: boolean; distinctive: boolean }
/** Null: no such symbol was found in the photo. */
export type PhotoLook = { text?: string; beside: Beside[] | null }

/** Reads a photo, and lays its symbol beside every look of ours. It is kept nowhere. */
export const lookAt = async (deps: CodesDeps, bytes: Uint8Array, text: string | undefined): Promise<PhotoLook> => {
  const kits = (await listLooks(deps.db, mostLooks)).map(({ png, id, ...kit }) => ({ ...kit, brand: id, logo: png }))
  const plain = { brand: null, name: '', isDefault: false, now: true, design: plainDesign, logo: null }
  const looks = [...kits, plain]
  const photo = await judgePhoto(
    bytes,
    text,
    looks.map(({ design, logo }) => ({ design, logo })),
  )
  if (!photo) return { beside: null }
  const beside = looks.map(({ brand, name, isDefault, now, ...look }, index) => ({
    ...(photo.compared[index] as Compared),
    ...{ brand, name, isDefault, now, distinctive: isDistinctive(look) },
  }))
  return { text: photo.text, beside }
}

/** Of a code of ours: as its kit draws it, or drew it, or at least another of ours does. */
export const lookOfOurs = ({ beside }: PhotoLook, { brand, plain }: DrawnBy): Look => {
  if (!beside) return unclear('no-symbol')
  const own = beside.filter((each) => (each.brand === null ? plain : brand === null ? each.isDefault : each.brand === brand))
  const alike = [...own, ...beside.filter((each) => each.brand !== null)].find(({ verdict }) => verdict === 'like')
  if (alike) return like(alike)
  const doubtful = own.find(({ verdict }) => verdict === 'unclear')
  const shown = doubtful ?? own.find(({ now }) => now)
  // a kit so old that its looks are not among the newest
  if (!shown) return unclear('too-little')
  if (doubtful) return unclear(doubtful.because ?? 'too-little', doubtful.traits)
  return { verdict: 'unlike', traits: shown.traits, text: `It does not look as we draw it: ${differing(shown)} differ.` }
}
/** Of what is not ours: like a look by which people know us, which is how they are deceived. */
export const lookOfOthers = ({ beside }: PhotoLook): Look => {
  if (!beside) return unclear('no-symbol')
  const alike = beside.find(({ verdict, distinctive }) => verdict === 'like' && distinctive)
  if (alike) return like(alike)
  const plain = beside.find(({ verdict }) => verdict === 'like')
  if (plain) return unclear('plain', plain.traits)
  const doubtful = beside.find(({ verdict, distinctive }) => verdict === 'unclear' && distinctive)
  if (doubtful) return unclear(doubtful.because ?? 'too-little')
  return { verdict: 'unlike', traits: [], text: 'It looks like none of our codes.' }
}

const like = ({ name, traits }: Beside): Look => ({
  verdict: 'like',
  ...(name === '' ? {} : { brand: name }),
  traits,
  text: name === '' ? 'It looks as our screens draw it: plain.' : `It looks as our kit “${name}” draws it.`,
})
const unclear = (because: WhyUnclear, traits: Look['traits'] = []): Look => ({
  verdict: 'unclear',
  traits,
  because,
  text: `Whether it looks like ours cannot be told: ${whyUnclear[because]}`,
})
const names: Record<LookTrait, string> = {
  colours: 'its colours',
  modules: 'the shape of its modules',
  eyes: 'the shape of its eyes',
  logo: 'its logo',
  frame: 'its frame',
}
const differing = ({ traits }: Beside): string =>
  traits
    .filter(({ trait, verdict }) => verdict === 'unlike' && trait !== 'frame')
    .map(({ trait }) => names[trait])
    .join(', ')
