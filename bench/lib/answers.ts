/** RFC 9112 §6: an answer ends by its content-length, by the last chunk, or with its head where it has no body. */
export const isWhole = (text: string): boolean => {
  const head = text.indexOf('\r\n\r\n')
  if (head < 0) return false
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
  if (length !== undefined) return text.length >= head + 4 + Number(length)
  if (/\r\ntransfer-encoding: *chunked/i.test(text.slice(0, head + 2))) return text.endsWith('\r\n0\r\n\r\n')
  return true
}
