import type { Page } from 'playwright-core'

/** The authenticator in a phone or computer of Chromium: it belongs to the page, and survives its navigations. */
export type VirtualAuthenticator = {
  /** Whether the finger is the right one from now on. */
  setVerified: (verified: boolean) => Promise<void>
  /** Whether somebody touches it, from now on. */
  setPresent: (enabled: boolean) => Promise<void>
  /** How many passkeys it holds for this origin. */
  held: () => Promise<number>
  forgetAll: () => Promise<void>
}
/** `synced`: its passkeys can leave it (BE=1). */
export const addAuthenticator = async (
  page: Page,
  { synced = false }: { synced?: boolean } = {},
): Promise<VirtualAuthenticator> => {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      defaultBackupEligibility: synced,
      defaultBackupState: synced,
    },
  })
  return {
    setVerified: async (isUserVerified) => {
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
    setPresent: async (enabled) => {
      await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
    },
    held: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length,
    forgetAll: async () => {
      await cdp.send('WebAuthn.clearCredentials', { authenticatorId })
    },
  }
}
