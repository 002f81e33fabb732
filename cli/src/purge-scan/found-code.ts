/** A code that a file holds. Its secret stays in the process that read it; a fingerprint is all that leaves. */
export type FoundCode = {
  /** HMAC-SHA-256(key of the scan, secret) in base64url; null: a key that no deployment of Postern takes, so none is asked. */
  fingerprint: string | null
  issuer: string
  label: string
}
/** What became of one file. `other`: it is none of the kinds that are read. */
export type FileRead =
  | { is: 'read'; codes: FoundCode[]; notes: string[] }
  | { is: 'other' }
  | { is: 'skipped'; why: string }
  | { is: 'failed'; why: string }
export type ReadRequest = { path: string; key: string }
