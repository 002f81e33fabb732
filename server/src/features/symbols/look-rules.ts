import { type Design, type LookTrait, type LookVerdict, lookTraits, type WhyUnclear } from '@postern/contract'
import { openLogo } from './logo.ts'
import type { Measured } from './look.ts'
import { compareTint, isColourful, tintOf } from './look-colours.ts'
import { likenessOf } from './look-logo.ts'
import type { Fits } from './look-shapes.ts'
import { sceneOf } from './scene.ts'

/** A look that symbols may have; the logo as cleanLogo leaves it. */
export type KitLook = { design: Design; logo: Uint8Array | null }
export type Trait = { trait: LookTrait; verdict: LookVerdict }
export type Compared = { verdict: LookVerdict; traits: Trait[]; because?: WhyUnclear }

/*
 * Each figure was set by measurement, over every style in every condition of a proof and then some: docs/decisions/0023. A
 * brand's own symbol must not be called another's, so between "like" and "unlike" there is room everywhere.
 */
/** Two shapes nearer than this are one to a photo as soft as it is. */
const tellApart = 0.015
/** From where on, between two shapes, a photo is at the other one; and up to where it is at its own. */
const [atOther, atOwn] = [0.5, -0.25]
/** How far from any shape of ours a photo may be and still be judged by them. */
const strange = 0.6
/** Likeness of a logo: from the first on it is ours, below the second it is none or another. */
const [sameLogo, otherLogo] = [0.7, 0.4]
/** How far from modules a middle without a logo is at most, and one with a logo at least; and by how much more than the rest. */
const [noLogo, someLogo, moreThanRest] = [0.06, 0.12, 4]
/** Share of ink in the band of a frame with words, at least; and without one, at most. */
const [frameInk, noFrameInk] = [0.5, 0.2]
/** Pixels a module below which a photo is too small for shapes, and softness, in modules, above which it is too blurred. */
const leastPixels = 2.5
const softest = 0.45

/** A shape of a design beside the photo: like it where no other shape fits clearly better, and one fits clearly worse. */
const compareShape = <T>(fits: Fits<T>, is: (shape: T) => boolean): LookVerdict => {
  const own = fits.all.find(({ shape }) => is(shape))
  if (!own || fits.best.apart > strange) return 'unclear'
  const others = fits.all
    .filter((fit) => fit !== own)
    .map((fit) => fits.between(own, fit))
    .filter(({ distance }) => distance >= tellApart)
  if (others.some(({ at }) => at >= atOther)) return 'unlike'
  return others.length > 0 && others.every(({ at }) => at <= atOwn) ? 'like' : 'unclear'
}
const compareColours = ({ inks, inverted }: Measured, { colours: { modules, eyes, ground } }: Design): LookVerdict | 'grey' => {
  if (inverted) return 'unlike'
  const each = [compareTint(inks.modules, tintOf(modules, ground)), compareTint(inks.eyes, tintOf(eyes, ground))]
  return (['unlike', 'grey', 'unclear'] as const).find((verdict) => each.includes(verdict)) ?? 'like'
}
/** Its logo, or that it has none; undefined: the text leaves no room for one, so it is drawn without. */
const compareLogo = async (measured: Measured, { design, logo }: KitLook): Promise<LookVerdict | undefined> => {
  if (!design.logo || !logo) {
    const { middleApart, modules } = measured
    if (middleApart <= noLogo) return 'like'
    return middleApart >= Math.max(someLogo, moreThanRest * modules.best.apart) ? 'unlike' : 'unclear'
  }
  const image = await openLogo(logo)
  const scene = sceneOf(measured.text, design, image)
  if (scene.modules === measured.flat.modules && !scene.logo) return undefined
  const likeness = likenessOf(measured.flat, measured.inks.light, design, image, scene, measured.modules.best.sigma)
  return likeness >= sameLogo ? 'like' : likeness < otherLogo ? 'unlike' : 'unclear'
}
const compareFrame = ({ band }: Measured, { frame }: Design): LookVerdict | undefined => {
  if (!frame || band === null) return undefined
  return band >= frameInk ? 'like' : band <= noFrameInk ? 'unlike' : 'unclear'
}

/** A photographed symbol beside one look: each trait by itself, and what they say together. */
export const compareLook = async (measured: Measured, kit: KitLook): Promise<Compared> => {
  const { design } = kit
  const small = measured.pixels < leastPixels
  const shape = (verdict: LookVerdict): LookVerdict => (small ? 'unclear' : verdict)
  const colours = compareColours(measured, design)
  const seen: Partial<Record<LookTrait, LookVerdict | undefined>> = {
    colours: colours === 'grey' ? 'unclear' : colours,
    modules: shape(compareShape(measured.modules, (each) => each === design.modules)),
    eyes: shape(compareShape(measured.eyes, (each) => each.eyeFrames === design.eyeFrames && each.eyeBalls === design.eyeBalls)),
  }
  // where the rest has spoken no logo need be drawn
  if (!Object.values(seen).includes('unlike')) {
    const logo = await compareLogo(measured, kit)
    seen.logo = logo && shape(logo)
  }
  const differs = Object.values(seen).includes('unlike')
  seen.frame = compareFrame(measured, design)
  const traits = lookTraits.flatMap((trait): Trait[] => (seen[trait] ? [{ trait, verdict: seen[trait] }] : []))
  // a copy without colour may have lost more than that: it is called no fake
  if (colours === 'grey') return { verdict: 'unclear', traits, because: 'black-and-white' }
  if (differs) return { verdict: 'unlike', traits }
  const shapes = seen.modules === 'like' || seen.eyes === 'like'
  if (seen.colours === 'like' && shapes && (!hasLogo(kit) || seen.logo !== 'unclear')) return { verdict: 'like', traits }
  const because = small ? 'too-small' : measured.modules.best.sigma >= softest ? 'blurred' : 'too-little'
  return { verdict: 'unclear', traits, because }
}
const hasLogo = ({ design, logo }: KitLook): boolean => design.logo !== null && logo !== null
/** Whether people know a look by it: black on white without a logo is everybody's. */
export const isDistinctive = (kit: KitLook): boolean => isColourful(kit.design) || hasLogo(kit)
