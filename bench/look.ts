import { type Design, type LookVerdict, plainDesign } from '@postern/contract'
import sharp from 'sharp'
import { cleanLogo, openLogo } from '../server/src/features/symbols/logo.ts'
import { measure } from '../server/src/features/symbols/look.ts'
import { compareLook, type KitLook } from '../server/src/features/symbols/look-rules.ts'
import { findSymbols } from '../server/src/features/symbols/photo.ts'
import { sceneOf } from '../server/src/features/symbols/scene.ts'
import { anyhow, inks, link, logoUpload, photograph, photographs } from '../server/src/features/symbols/test-support.ts'

// node bench/look.ts: how well a photo's look is told, for docs/decisions/0023. Every shape of modules and eyes, in seven pairs
// of inks, with and without logos, in texts of three lengths, photographed in every way, beside all of them.

const circle =
  '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"><circle cx="200" cy="200" r="190" fill="#b3261e"/><rect x="120" y="180" width="160" height="50" fill="#fff"/></svg>'
const logos = await Promise.all(
  [logoUpload(), sharp(Buffer.from(circle)).png().toBuffer()].map(async (file) => (await cleanLogo(await file)).png),
)
const texts = [link, 'https://p.example/c/1', link.padEnd(110, 'x')]
const kits: (KitLook & { text: string })[] = []
const colours = Object.values(inks)
for (const modules of ['square', 'rounded', 'dots', 'diamond'] as const)
  for (const eye of ['square', 'rounded', 'circle'] as const)
    for (let turn = 0; turn < 3; turn++) {
      const number = kits.length
      const logo = turn === 0 ? null : (logos[number % 2] as Buffer)
      kits.push({
        design: {
          ...plainDesign,
          ...{ modules, eyeFrames: eye, eyeBalls: eye, colours: colours[number % colours.length] as Design['colours'] },
          frame: turn === 1 ? { text: 'Scan before you enter' } : null,
          logo: logo ? { widthPercent: 22 } : null,
        },
        logo,
        text: texts[number % texts.length] as string,
      })
    }

type Tally = Record<LookVerdict, number>
const none = (): Tally => ({ like: 0, unlike: 0, unclear: 0 })
let [took, measures] = [0, 0]
const shown = ({ like, unlike, unclear }: Tally): string => `${like} | ${unlike} | ${unclear}`
process.stdout.write(
  '| photo | own: like | unlike | unclear | others: like | unlike | unclear | not read |\n|---|--:|--:|--:|--:|--:|--:|--:|\n',
)
/** Besides the conditions one by one: each look in so many photos that were taken anyhow. */
const carelessly = Array.from({ length: 4 }, (_, number) => `anyhow ${number + 1}`)
const wanted = process.argv.includes('--anyhow') ? carelessly : [...Object.keys(photographs), ...carelessly]
for (const condition of wanted) {
  const [own, others] = [none(), none()]
  let unread = 0
  for (const kit of kits) {
    const scene = sceneOf(kit.text, kit.design, kit.logo && (await openLogo(kit.logo)))
    const number = carelessly.indexOf(condition)
    const picture =
      number < 0 ? await photograph(scene, condition) : await anyhow(scene, 1 + kits.indexOf(kit) + number * kits.length)
    const [symbol] = await findSymbols(picture)
    if (!symbol) {
      unread++
      continue
    }
    const began = performance.now()
    const measured = measure(picture, symbol)
    took += performance.now() - began
    measures++
    for (const other of kits) {
      const { verdict, traits } = await compareLook(measured, other)
      const tally = other === kit ? own : others
      tally[verdict]++
      if (process.argv.includes('--pairs') && ((other === kit && verdict === 'unlike') || (other !== kit && verdict === 'like')))
        process.stderr.write(`${condition}: ${verdict} ${JSON.stringify([kit.design, other.design, traits])}\n`)
    }
  }
  process.stdout.write(`| ${condition} | ${shown(own)} | ${shown(others)} | ${unread} |\n`)
}
process.stdout.write(`${kits.length} looks; a symbol is measured in ${Math.round(took / measures)} ms\n`)
