import { X509Certificate } from 'node:crypto'
import { rootsMost } from '@postern/contract'
import { invalid } from '../../platform/refusal.ts'

const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g
/** Certificates as they were saved. */
export const rootsIn = (pem: string): X509Certificate[] => (pem.match(block) ?? []).map((each) => new X509Certificate(each))

const wrong = (message: string): Error => invalid('attestationRoots', message, 'no-certificates')
/** What was pasted, as it is saved: each certificate once, nothing else. Throws where one would prove nothing. */
export const cleanRoots = (pasted: string): string => {
  const left = pasted.replace(block, '').trim()
  if (/PRIVATE KEY/.test(left)) throw wrong('holds a private key: paste certificates alone, and take that key out of use')
  if (left !== '') throw wrong(`“${left.slice(0, 40)}” is no certificate: paste PEM, from BEGIN CERTIFICATE to END CERTIFICATE`)
  const blocks = pasted.match(block) ?? []
  if (blocks.length > rootsMost)
    throw invalid('attestationRoots', `at most ${rootsMost} certificates`, 'too-many', { most: rootsMost })
  const roots = blocks.map((each, at) => {
    const nth = `certificate ${at + 1}`
    let root: X509Certificate
    try {
      root = new X509Certificate(each)
    } catch {
      throw wrong(`${nth} cannot be read: paste it whole, from BEGIN CERTIFICATE to END CERTIFICATE`)
    }
    const named = `${nth} (${nameOf(root)})`
    if (!root.ca) throw wrong(`${named} issues no certificates: paste the root of the maker, not the certificate of a key`)
    if (root.validToDate.getTime() <= Date.now()) throw wrong(`${named} ended on ${root.validToDate.toISOString().slice(0, 10)}`)
    return root
  })
  return [...new Map(roots.map((root) => [root.fingerprint256, root.toString().trim()])).values()]
    .map((each) => `${each}\n`)
    .join('')
}
/** The name in a certificate that tells it from others. */
export const nameOf = ({ subject, fingerprint256 }: X509Certificate): string =>
  (/^CN=(.*)$/m.exec(subject) ?? /^O=(.*)$/m.exec(subject))?.[1] ?? fingerprint256
