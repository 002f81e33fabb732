import { createRequire } from 'node:module'
import PDFDocument from 'pdfkit'
import type { Language } from './words.ts'

const require = createRequire(import.meta.url)
/** Inter in two parts, as its packager cuts it: Polish words have letters of both. */
const parts = ['latin', 'latin-ext'] as const
const fileOf = (part: string, weight: 400 | 600): string =>
  require.resolve(`@fontsource/inter/files/inter-${part}-${weight}-normal.woff`)
const point = 72 / 25.4
/** Millimetres. */
const [pageWidth, margin] = [210, 25]
type Look = { size?: number; bold?: boolean; colour?: string }
const ink = '#1a2225'
/** Unicode ranges of the second part, by its packager's style sheet. */
const isExtended = (letter: string): boolean => {
  const at = letter.codePointAt(0) as number
  return (at >= 0x100 && at <= 0x2af && ![0x131, 0x152, 0x153].includes(at)) || (at >= 0x1e00 && at <= 0x1eff)
}

/** One sheet of A4, written from top to bottom; fonts are embedded, words can be searched and read out. */
export class Sheet {
  readonly #doc: PDFKit.PDFDocument
  readonly #bytes: Promise<Buffer>
  #y = margin * point

  constructor(title: string, language: Language) {
    this.#doc = new PDFDocument({
      size: 'A4',
      margin: 0,
      lang: language,
      displayTitle: true,
      info: { Title: title, Creator: 'Postern' },
    } as PDFKit.PDFDocumentOptions)
    for (const part of parts)
      for (const weight of [400, 600] as const) this.#doc.registerFont(`${part}-${weight}`, fileOf(part, weight))
    const chunks: Buffer[] = []
    this.#bytes = new Promise((resolve, reject) => {
      this.#doc.on('data', (chunk: Buffer) => chunks.push(chunk))
      this.#doc.on('end', () => resolve(Buffer.concat(chunks)))
      this.#doc.on('error', reject)
    })
  }
  gap(mm: number): void {
    this.#y += mm * point
  }
  /** One line, or as many as its words need. */
  line(text: string, look: Look = {}): void {
    this.text(text, undefined, look)
  }
  /** A paragraph between the margins, with its number before it. */
  text(text: string, number?: string, look: Look = {}): void {
    const left = margin * point + (number === undefined ? 0 : 7 * point)
    const right = (pageWidth - margin) * point
    if (number !== undefined) this.#write(number, margin * point, look)
    let line = ''
    for (const word of text.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`
      if (line !== '' && this.#width(longer, look) > right - left) {
        this.#write(line, left, look)
        this.#y += (look.size ?? 11) * 1.4
        line = word
      } else line = longer
    }
    this.#write(line, left, look)
    this.#y += (look.size ?? 11) * 1.55
  }
  /** In a face of one width, where 0 and O, 1 and l differ; broken where the margin is. */
  address(text: string): void {
    this.#doc.font('Courier-Bold').fontSize(11).fillColor(ink)
    const signs = Math.floor(((pageWidth - 2 * margin) * point) / this.#doc.widthOfString('0'))
    for (let at = 0; at < text.length; at += signs) {
      this.#doc.text(text.slice(at, at + signs), margin * point, this.#y, { lineBreak: false })
      this.#y += 15
    }
  }
  /** A symbol of ours, its quiet zone included, this many millimetres wide. */
  symbol(svg: string, mm: number): void {
    const units = Number(/viewBox="0 0 (\d+)/.exec(svg)?.[1])
    const scale = (mm * point) / units
    this.#doc
      .save()
      .translate(margin * point, this.#y)
      .scale(scale)
    for (const [, fill, path] of svg.matchAll(/<path fill="(#[0-9a-f]+)" d="([^"]+)"/g))
      this.#doc.path(path as string).fill(fill as string)
    this.#doc.restore()
    this.#y += mm * point
  }
  done(): Promise<Buffer> {
    this.#doc.end()
    return this.#bytes
  }

  /** Pieces of one font each. */
  #pieces(text: string): { font: string; text: string }[] {
    const pieces: { font: string; text: string }[] = []
    for (const letter of text.normalize('NFC')) {
      const font = isExtended(letter) ? 'latin-ext' : 'latin'
      const last = pieces.at(-1)
      if (last?.font === font) last.text += letter
      else pieces.push({ font, text: letter })
    }
    return pieces
  }
  #set({ size = 11, bold = false, colour = ink }: Look, font: string): void {
    this.#doc
      .font(`${font}-${bold ? 600 : 400}`)
      .fontSize(size)
      .fillColor(colour)
  }
  #width(text: string, look: Look): number {
    return this.#pieces(text).reduce((width, piece) => {
      this.#set(look, piece.font)
      return width + this.#doc.widthOfString(piece.text)
    }, 0)
  }
  #write(text: string, left: number, look: Look): void {
    let x = left
    for (const piece of this.#pieces(text)) {
      this.#set(look, piece.font)
      this.#doc.text(piece.text, x, this.#y, { lineBreak: false })
      x += this.#doc.widthOfString(piece.text)
    }
  }
}
