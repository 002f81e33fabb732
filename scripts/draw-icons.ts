import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'

const folder = join(import.meta.dirname, '../web/icons')
/** What web/icons holds beside its drawing. Where a system masks an icon it has no corners of its own. */
const icons = [
  { name: 'phone-192.png', size: 192, masked: false },
  { name: 'phone-512.png', size: 512, masked: false },
  { name: 'phone-maskable-512.png', size: 512, masked: true },
  { name: 'phone-180.png', size: 180, masked: true },
] as const
export const drawIcons = async (): Promise<Record<string, Buffer>> => {
  const drawing = readFileSync(join(folder, 'phone.svg'), 'utf8')
  const whole = drawing.replace(' rx="112"', '')
  const drawn: Record<string, Buffer> = {}
  for (const { name, size, masked } of icons)
    drawn[name] = await sharp(Buffer.from(masked ? whole : drawing), { density: 288 })
      .resize(size, size)
      .png({ compressionLevel: 9 })
      .toBuffer()
  return drawn
}
if (import.meta.main) for (const [name, bytes] of Object.entries(await drawIcons())) writeFileSync(join(folder, name), bytes)
