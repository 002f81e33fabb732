import type { Destination } from '@postern/contract'

/** Destinations as they are typed: what another kind of them was given is kept while one looks at this. */
export type TypedDestination = {
  type: Destination['type']
  url: string
  text: string
  ios: string
  android: string
  otherwise: string
}

export const typedOf = (of: Destination | null): TypedDestination => ({
  type: of?.type ?? 'url',
  url: of?.type === 'url' ? of.url : '',
  text: of?.type === 'text' ? of.text : '',
  ios: (of?.type === 'platform' && of.ios) || '',
  android: (of?.type === 'platform' && of.android) || '',
  otherwise: of?.type === 'platform' ? of.otherwise : '',
})
/** As the API takes it. An address without a scheme is meant as https. */
export const destinationOf = (typed: TypedDestination): Destination => {
  switch (typed.type) {
    case 'url':
      return { type: 'url', url: withScheme(typed.url) }
    case 'text':
      return { type: 'text', text: typed.text.trim() }
    case 'platform':
      return {
        type: 'platform',
        ...(typed.ios.trim() ? { ios: withScheme(typed.ios) } : {}),
        ...(typed.android.trim() ? { android: withScheme(typed.android) } : {}),
        otherwise: withScheme(typed.otherwise),
      }
  }
}
const withScheme = (typed: string): string => {
  const text = typed.trim()
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?([/?#]|$)/i.test(text) ? `https://${text}` : text
}
export const isFilled = ({ type, url, text, otherwise }: TypedDestination): boolean =>
  ({ url, text, platform: otherwise })[type].trim() !== ''
export const sameDestination = (a: Destination | null, b: Destination | null): boolean =>
  JSON.stringify(a && typedOf(a)) === JSON.stringify(b && typedOf(b))
