/** What a file is by its first bytes, whatever its name says. */
export type PictureKind = 'png' | 'jpeg' | 'webp'

export const pictureKind = (bytes: Buffer): PictureKind | { not: string } => {
  const head = bytes.toString('latin1', 0, 16)
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg'
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'webp'
  if (head.startsWith('GIF8')) return { not: 'This is a GIF' }
  if (/^.{4}ftyp(heic|heix|hevc|mif1|msf1)/s.test(head)) return { not: 'This is a HEIC picture' }
  const start = bytes.toString('utf8', 0, 4_096).trimStart().toLowerCase()
  if (start.includes('<svg')) return { not: 'This is an SVG, which can carry scripts and links' }
  if (start.startsWith('<')) return { not: 'This is a page or another text in angle brackets' }
  return { not: bytes.length === 0 ? 'The file is empty' : 'This is no picture that we know' }
}
