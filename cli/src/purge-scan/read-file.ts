import { createHmac } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { isKeyLink, readKeyLink } from '@postern/contract'
import PostalMime from 'postal-mime'
import type { FileRead, FoundCode, ReadRequest } from './found-code.ts'
import { NoPdfReader, readPdf } from './pdf.ts'
import { readPicture } from './pictures.ts'

const mostBytes = 64 * 1_048_576
/** Mails in mails in mails. */
const mostNested = 3
/** Lengths of secrets, in bytes, that Postern takes. What cannot be a key of ours is not asked about. */
const [leastSecret, mostSecret] = [16, 128]

type Kind = 'picture' | 'pdf' | 'mail' | 'other'
/** By its first bytes, not by its name; a mail by the header that it begins with. */
const kindOf = (bytes: Uint8Array): Kind => {
  const head = Buffer.from(bytes.subarray(0, 1_024)).toString('latin1')
  if (/^(\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP)/s.test(head)) return 'picture'
  if (head.includes('%PDF-')) return 'pdf'
  return /^(from|to|cc|subject|date|received|return-path|delivered-to|message-id|mime-version|content-type|x-[\w-]+):[ \t]/i.test(
    head,
  )
    ? 'mail'
    : 'other'
}

type Read = { texts: string[]; notes: string[]; other: boolean }
const nothing: Read = { texts: [], notes: [], other: true }
const readBytes = async (bytes: Uint8Array, nested = 0): Promise<Read> => {
  switch (kindOf(bytes)) {
    case 'picture':
      return { texts: await readPicture(bytes), notes: [], other: false }
    case 'pdf':
      return { ...(await readPdf(bytes)), other: false }
    case 'mail':
      return readMail(bytes, nested)
    case 'other':
      return nothing
  }
}
/** A mail's text, and what is attached or stands in it. A part that cannot be read does not hide the others. */
const readMail = async (bytes: Uint8Array, nested: number): Promise<Read> => {
  const mail = await PostalMime.parse(bytes, { forceRfc822Attachments: true })
  const texts = linksIn(`${mail.text ?? ''}\n${mail.html ?? ''}`)
  const notes: string[] = []
  for (const { content, mimeType } of mail.attachments) {
    const part = typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content)
    if (/^message\/rfc822$/i.test(mimeType) && nested >= mostNested) {
      notes.push(`mails more than ${mostNested} deep in others were not read`)
      continue
    }
    try {
      const read = await readBytes(part, nested + 1)
      texts.push(...read.texts)
      notes.push(...read.notes)
    } catch (error) {
      notes.push(`an attachment (${mimeType}) could not be read: ${whyOf(error)}`)
    }
  }
  return { texts, notes, other: false }
}
/** Links that stand in a text, as they are or in HTML. */
const linksIn = (text: string): string[] =>
  [...text.matchAll(/otpauth(?:-migration)?:\/\/[^\s"'<>]{1,8192}/gi)].map(([link]) => link.replaceAll('&amp;', '&'))

const whyOf = (error: unknown): string =>
  error instanceof NoPdfReader
    ? 'pdftoppm is not installed (Debian: poppler-utils)'
    : (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 200) || 'it cannot be read'

const codesIn = (texts: readonly string[], key: Buffer): FoundCode[] => {
  const codes = new Map<string, FoundCode>()
  for (const text of texts.filter(isKeyLink))
    for (const { secret, issuer, label } of readKeyLink(text).keys) {
      if (!secret) continue
      const fits = secret.length >= leastSecret && secret.length <= mostSecret
      const fingerprint = createHmac('sha256', key).update(secret).digest('base64url')
      codes.set(fingerprint, { fingerprint: fits ? fingerprint : null, issuer, label })
    }
  return [...codes.values()]
}

/** Reads one file; answers, whatever is in it. Links are not followed, pipes and devices not opened. */
export const readFile = async ({ path, key }: ReadRequest): Promise<FileRead> => {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const { size } = await file.stat()
      if (size > mostBytes) {
        const { buffer } = await file.read(Buffer.alloc(1_024), 0, 1_024, 0)
        return kindOf(buffer) === 'other'
          ? { is: 'other' }
          : { is: 'skipped', why: `is larger than ${mostBytes / 1_048_576} MiB` }
      }
      const read = await readBytes(await file.readFile())
      return read.other
        ? { is: 'other' }
        : { is: 'read', codes: codesIn(read.texts, Buffer.from(key, 'base64url')), notes: read.notes }
    } finally {
      await file.close()
    }
  } catch (error) {
    return error instanceof NoPdfReader ? { is: 'skipped', why: whyOf(error) } : { is: 'failed', why: whyOf(error) }
  }
}
