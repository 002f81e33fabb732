import type { deploymentInfo, Out } from '@postern/contract'

/** How long a page waits for the name that stands in its head: it must not hang on it. */
const patience = 1_500

/**
 * Whose page this is, where no code says it: asked before the page is drawn, for a name that changes on the way is what a forged
 * page would have.
 */
export const askIssuer = async (): Promise<string> => {
  try {
    const answer = await fetch('/api/deployment', { credentials: 'omit', signal: AbortSignal.timeout(patience) })
    return ((await answer.json()) as Out<typeof deploymentInfo>).issuer ?? 'Postern'
  } catch {
    return 'Postern'
  }
}
