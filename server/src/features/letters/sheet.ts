import PDFDocument from 'pdfkit'
import { fontFile, partWith } from '../symbols/index.ts'
import type { Language } from './words.ts'

const point = 72 / 25.4
/** Millimetres. */
const [pageWidth, margin] = [210, 25]
type Look = { size?: number; bold?: boolean; colour?: string }
const ink = '#1a2225'
/** What stands for a letter that no font of ours has: its number can be read and looked up, a box cannot. */
const numberOf = (letter: string): string =>
  `[U+${(letter.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}]`

/** One sheet of A4, written from top to bottom; fonts are embedded, words can be searched and read out. */
export class Sheet {
  readonly #doc: PDFKit.PDFDocument
  readonly #bytes: Promise<Buffer>
  /** Whether a letter was printed as its number. */
  hasNumbers = false
  #y = margin * point

  constructor(title: string, language: Language) {
    this.#doc = new PDFDocument({
      size: 'A4',
      margin: 0,
      lang: language,
      displayTitle: true,
      info: { Title: title, Creator: 'Postern' },
    } as PDFKit.PDFDocumentOptions)
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

  /** Pieces of one part of Inter each, as its packager cuts it: Polish words alone have letters of two. */
  #pieces(text: string): { part: string; text: string }[] {
    const pieces: { part: string; text: string }[] = []
    for (const letter of text.normalize('NFC')) {
      const has = partWith(letter)
      const [part, shown] = has === undefined ? ['latin', numberOf(letter)] : [has, letter]
      if (has === undefined) this.hasNumbers = true
      const last = pieces.at(-1)
      if (last?.part === part) last.text += shown
      else pieces.push({ part, text: shown })
    }
    return pieces
  }
  #set({ size = 11, bold = false, colour = ink }: Look, part: string): void {
    this.#doc
      .font(fontFile(part, bold ? 600 : 400))
      .fontSize(size)
      .fillColor(colour)
  }
  #width(text: string, look: Look): number {
    return this.#pieces(text).reduce((width, piece) => {
      this.#set(look, piece.part)
      return width + this.#doc.widthOfString(piece.text)
    }, 0)
  }
  #write(text: string, left: number, look: Look): void {
    let x = left
    for (const piece of this.#pieces(text)) {
      this.#set(look, piece.part)
      this.#doc.text(piece.text, x, this.#y, { lineBreak: false })
      x += this.#doc.widthOfString(piece.text)
    }
  }
}
