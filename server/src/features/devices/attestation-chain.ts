import { X509Certificate } from 'node:crypto'
import { decodeAttestationObject } from '@simplewebauthn/server/helpers'

/** Leaf, what stands between, perhaps the root: longer ones are nobody's. */
const longest = 6
/** Certificates that an attestation carries, the authenticator's own first; none: it says nothing, or speaks for itself. */
export const chainIn = (attestationObject: string): Buffer[] => {
  const x5c = decodeAttestationObject(new Uint8Array(Buffer.from(attestationObject, 'base64url')))
    .get('attStmt')
    .get('x5c')
  return (x5c ?? []).map((each) => Buffer.from(each))
}

/**
 * Whether an attestation's certificates lead to one of these roots and name this model. That the first one signed the
 * attestation was verified with it; a library that is given no roots takes any certificate for that.
 */
export const leadsTo = (
  chain: readonly Buffer[],
  roots: readonly X509Certificate[],
  aaguid: string,
  at = new Date(),
): boolean => {
  if (chain.length === 0 || chain.length > longest || roots.length === 0) return false
  let certificates: X509Certificate[]
  try {
    certificates = chain.map((each) => new X509Certificate(each))
  } catch {
    return false
  }
  const [leaf, last] = [certificates[0] as X509Certificate, certificates.at(-1) as X509Certificate]
  const root = roots.find((each) => each.raw.equals(last.raw) || issued(each, last))
  if (!root || leaf.ca || !namesModel(leaf, aaguid)) return false
  return (
    [...certificates, root].every(
      (each) => each.validFromDate.getTime() <= at.getTime() && at.getTime() < each.validToDate.getTime(),
    ) && certificates.slice(1).every((issuer, n) => issued(issuer, certificates[n] as X509Certificate))
  )
}
const issued = (issuer: X509Certificate, subject: X509Certificate): boolean =>
  issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey)

/** id-fido-gen-ce-aaguid (WebAuthn Level 3 §8.2.1) up to its value: 16 bytes in an OCTET STRING in that of the extension; never critical. */
const extension = Buffer.from('060b2b0601040182e51c01010404120410', 'hex')
/**
 * Without the extension a root stands for one model alone, and which one nobody can tell from it. So it must be there, once;
 * the model of U2F is all noughts, and in no certificate.
 */
const namesModel = ({ raw }: X509Certificate, aaguid: string): boolean => {
  const bytes = Buffer.from(aaguid.replaceAll('-', ''), 'hex')
  const at = raw.indexOf(extension)
  if (at < 0) return bytes.every((each) => each === 0)
  const from = at + extension.length
  return raw.subarray(from, from + bytes.length).equals(bytes) && raw.indexOf(extension, from) < 0
}
