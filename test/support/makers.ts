import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Maker } from './authenticator.ts'
import { scratchFolder } from './cluster.ts'

/** A certificate and its key, as PEM files of OpenSSL. */
export type Issued = { pem: string; certificate: string; key: string }
const openssl = (...options: string[]): void => {
  execFileSync('openssl', options, { stdio: 'ignore' })
}
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

const home = scratchFolder()
/** A root of a maker of authenticators; of -1 days: it ended yesterday. */
export const newRoot = (name: string, { days = 30 } = {}): Issued => {
  const folder = mkdtempSync(join(home, 'root'))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'root.pem')]
  const [request, extensions] = [join(folder, 'request.pem'), join(folder, 'extensions')]
  writeFileSync(extensions, 'basicConstraints=critical,CA:TRUE\n')
  openssl('req', '-new', ...newKey, '-keyout', key, '-out', request, '-subj', `/O=Tests/CN=${name}`)
  const itself = ['-signkey', key, '-days', String(days), '-extfile', extensions]
  openssl('x509', '-req', '-in', request, ...itself, '-out', certificate)
  return { pem: readFileSync(certificate, 'utf8'), certificate, key }
}
/** What an issuer signs: another one, or the certificate of a model (WebAuthn Level 3 §8.2.1); `aaguid` null: it names none. */
export const issuedBy = (issuer: Issued, of: { ca: true } | { aaguid: string | null }): Issued => {
  const folder = mkdtempSync(join(home, 'issued'))
  const [key, request, certificate, extensions] = ['key.pem', 'request.pem', 'certificate.pem', 'extensions'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string]
  const subject = 'ca' in of ? '/O=Tests/CN=Between' : '/C=SE/O=Tests/OU=Authenticator Attestation/CN=A batch of keys'
  const aaguid = 'ca' in of ? null : of.aaguid
  const named = aaguid === null ? '' : `1.3.6.1.4.1.45724.1.1.4=DER:0410${aaguid.replaceAll('-', '')}\n`
  writeFileSync(extensions, `basicConstraints=critical,CA:${'ca' in of ? 'TRUE' : 'FALSE'}\n${named}`)
  openssl('req', '-new', ...newKey, '-keyout', key, '-out', request, '-subj', subject)
  const by = ['-CA', issuer.certificate, '-CAkey', issuer.key, '-CAcreateserial']
  openssl('x509', '-req', '-in', request, ...by, '-days', '10', '-extfile', extensions, '-out', certificate)
  return { pem: readFileSync(certificate, 'utf8'), certificate, key }
}
/** The maker's key with its certificates, the first one its own. */
export const makerOf = (...chain: [Issued, ...Issued[]]): Maker => ({
  key: createPrivateKey(readFileSync(chain[0].key)),
  chain: chain.map(({ pem }) => new X509Certificate(pem).raw),
})
