/**
 * Only a path of our own is gone to after a sign-in: what the browser would make of it decides, not how it looks. Blanks and
 * signs that browsers drop (`/<tab>/evil.example`) lead elsewhere, so they are none.
 */
export const localPath = (path: string | null | undefined): string | undefined => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  if (!path || !/^\/(?!\/)/.test(path) || /[\\\u0000-\u001f\u007f]/.test(path)) return undefined
  const url = URL.parse(path, location.origin)
  if (url?.origin !== location.origin || url.pathname.startsWith('//')) return undefined
  return url.pathname + url.search + url.hash
}
