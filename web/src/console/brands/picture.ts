/** The bytes of a picture as an address that an image takes; nothing in it can run. */
export const pictureOf = (bytes: Uint8Array, type: 'image/svg+xml' | 'image/png'): string => {
  let text = ''
  // by parts: a call takes only so many arguments
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return `data:${type};base64,${btoa(text)}`
}
export const svgPicture = (svg: string): string => pictureOf(new TextEncoder().encode(svg), 'image/svg+xml')
