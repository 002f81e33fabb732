/**
 * Makers by AAGUID, where one stands for a passkey provider or a key that people know. From the community's list
 * (github.com/passkeydeveloper/passkey-authenticator-aaguids) and Yubico's table of AAGUIDs, November 2026. Unknown is an
 * answer; nothing is decided by these names, for whoever does not attest can send any AAGUID.
 */
const models: Record<string, string> = {
  'fbfc3007-154e-4ecc-8c0b-6e020557d7bd': 'Apple Passwords',
  'dd4ec289-e01d-41c9-bb89-70fa845d4bf2': 'Apple Passwords (managed)',
  'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4': 'Google Password Manager',
  'adce0002-35bc-c60a-648b-0b25f1f05503': 'Chrome on Mac',
  '08987058-cadc-4b81-b6e1-30de50dcbe96': 'Windows Hello',
  '9ddd1817-af5a-4672-a2b9-3e3dd95000a9': 'Windows Hello',
  '6028b017-b1d4-4c02-b4b3-afcdafc96bb2': 'Windows Hello',
  '53414d53-554e-4700-0000-000000000000': 'Samsung Pass',
  'bada5566-a7aa-401f-bd96-45619a55120d': '1Password',
  'd548826e-79b4-db40-a3d8-11116f7e8349': 'Bitwarden',
  '531126d6-e717-415c-9320-3d9aa6981239': 'Dashlane',
  '0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6': 'Keeper',
  'b84e4048-15dc-4dd0-8640-f4f60813c8af': 'NordPass',
  'cb69481e-8ff7-4039-93ec-0a2729a154a8': 'YubiKey 5',
  'ee882879-721c-4913-9775-3dfcce97072a': 'YubiKey 5',
  'fa2b99dc-9e39-4257-8f92-4a30d23c4118': 'YubiKey 5 NFC',
  '2fc0579f-8113-47ea-b116-bb5a8db9202a': 'YubiKey 5 NFC',
  'f24a8e70-d0d3-f82c-2937-32523cc4de5a': 'Apple (not synced)',
  'b93fd961-f2e6-462f-b122-82002247de78': 'Android (not synced)',
}
export const modelOf = (aaguid: string): string | null => models[aaguid] ?? null

/**
 * Those that attest in a format whose chain is checked to its maker's root: `apple`, and `android-key` or `android-safetynet`.
 * Security keys attest as `packed`, and lead to a root of their maker that operators can hold. The certificates of Windows Hello
 * (`tpm`) name no model; password managers, and phones that sync, attest nothing.
 */
const attesting = new Set(['f24a8e70-d0d3-f82c-2937-32523cc4de5a', 'b93fd961-f2e6-462f-b122-82002247de78'])
/** Makers whose keys say under whose root they attest, by the names of their models and of that root. */
const makers = [{ models: /^YubiKey /, root: /\bYubico\b/i }]
/** `roots`: the names of those that the deployment holds beside the library's. */
export const knownModels = (roots: readonly string[]): { aaguid: string; name: string; provable: boolean }[] =>
  Object.entries(models).map(([aaguid, name]) => ({
    aaguid,
    name,
    provable:
      attesting.has(aaguid) || makers.some((maker) => maker.models.test(name) && roots.some((each) => maker.root.test(each))),
  }))
