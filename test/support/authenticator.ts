import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { Assertion, CreationOptions, Registration, RequestOptions } from '@postern/contract'

/**
 * An authenticator and the client in front of it, in software, as WebAuthn Level 3 (https://www.w3.org/TR/webauthn-3/) tells
 * them: what a phone answers, and what a forger could. Made on node:crypto alone, so that it agrees with the product only where
 * both follow the text.
 */

/** COSE algorithms (RFC 9053 §2): ES256, EdDSA with Ed25519, RS256. */
type Algorithm = -7 | -8 | -257
type Credential = { id: Buffer; rpId: string; userHandle: Buffer; privateKey: KeyObject; publicKey: Buffer }

/** The page that asks: §5.8.1. `crossOrigin`: in a frame of another origin, `topOrigin`. */
type Client = { origin: string; crossOrigin?: boolean; topOrigin?: string }
type Flags = { up: boolean; uv: boolean; be: boolean; bs: boolean; at: boolean; ed: boolean }
type Part = 'id' | 'rawId' | 'clientDataJSON' | 'authenticatorData' | 'attestationObject' | 'signature'
/** What a test has done otherwise than the text says. All but `sent` comes before the signature, which then covers it. */
export type Tamper = {
  /** Members of the client data over the right ones; one that is undefined is left out. */
  clientData?: Record<string, unknown>
  /** The whole client data. */
  clientDataText?: string
  /** Whose hash is told: of another rpId. */
  rpId?: string
  flags?: Partial<Flags>
  counter?: number
  /** Of a registration: id and COSE_Key that the authenticator data tells. */
  credentialId?: Buffer
  publicKey?: Buffer
  /** CBOR of extension outputs; sets ED. */
  extensions?: Buffer
  /** Of an assertion; null: none. */
  userHandle?: Buffer | null
  /** Signs instead of the credential's own key. */
  signer?: KeyObject
  /** Changes bytes of what was signed already. */
  sent?: Partial<Record<Part, (bytes: Buffer) => Buffer>>
}

/** Whose ES256 key signs for a model, with its certificates as DER, its own first. */
export type Maker = { key: KeyObject; chain: Buffer[] }

export class Authenticator {
  readonly credentials: Credential[] = []
  #flags: { uv: boolean; be: boolean; bs: boolean }
  #aaguid: Buffer
  #algorithm: Algorithm
  /** §6.1.1: one counter for all credentials. `zero`: has none, as synced passkeys. */
  counter: number | 'zero'
  /** By default: a phone that verifies its holder, and a passkey that stays in it. */
  constructor(
    options: {
      backupEligible?: boolean
      backedUp?: boolean
      aaguid?: string
      counter?: number | 'zero'
      userVerification?: boolean
      algorithm?: Algorithm
    } = {},
  ) {
    this.#flags = {
      uv: options.userVerification ?? true,
      be: options.backupEligible ?? false,
      bs: options.backedUp ?? false,
    }
    this.#aaguid = Buffer.from((options.aaguid ?? '00000000-0000-0000-0000-000000000000').replaceAll('-', ''), 'hex')
    this.#algorithm = options.algorithm ?? -7
    this.counter = options.counter ?? 0
  }

  /**
   * `navigator.credentials.create` (§5.1.3, §6.3.2). `packed`: with self attestation (§8.2), or by a maker's key and its
   * certificates; else with none (§8.7).
   */
  create(
    options: CreationOptions,
    client: Client,
    { attestation = 'none', maker, tamper = {} }: { attestation?: 'none' | 'packed'; maker?: Maker; tamper?: Tamper } = {},
  ): Registration {
    const rpId = options.rp.id
    requireScope(rpId, client)
    const asked = (options.pubKeyCredParams ?? []) as { alg: number }[]
    if (!asked.some(({ alg }) => alg === this.#algorithm)) throw new Error('NotSupportedError: no algorithm of ours is asked for')
    const excluded = (options.excludeCredentials ?? []) as { id: string }[]
    if (excluded.some(({ id }) => this.#held(rpId, id))) throw new Error('InvalidStateError: it is registered here already')

    const { privateKey, publicKey } = newKey(this.#algorithm)
    const credential = { id: randomBytes(32), rpId, userHandle: bytesOf(options.user.id), privateKey, publicKey }
    this.credentials.push(credential)
    const clientData = clientDataOf('webauthn.create', options.challenge, client, tamper)
    // §6.5.1: attested credential data
    const id = tamper.credentialId ?? credential.id
    const length = Buffer.alloc(2)
    length.writeUInt16BE(id.length)
    const attested = Buffer.concat([this.#aaguid, length, id, tamper.publicKey ?? publicKey])
    const authData = this.#data(rpId, { at: true }, tamper, attested)
    const statement = new Map<string, Cbor>()
    if (attestation === 'packed') {
      statement.set('alg', maker ? -7 : this.#algorithm)
      statement.set('sig', signed(authData, clientData, tamper.signer ?? maker?.key ?? privateKey))
      if (maker) statement.set('x5c', maker.chain)
    }
    // §6.5.4
    const attestationObject = cbor(
      new Map<string, Cbor>([
        ['fmt', attestation],
        ['attStmt', statement],
        ['authData', authData],
      ]),
    )
    const sent = sentBy(tamper)
    return {
      id: sent('id', id),
      rawId: sent('rawId', id),
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: { credProps: { rk: true } },
      response: {
        clientDataJSON: sent('clientDataJSON', clientData),
        attestationObject: sent('attestationObject', attestationObject),
        transports: ['internal', 'hybrid'],
      },
    }
  }

  /** `navigator.credentials.get` (§5.1.4, §6.3.3): of the credentials that are named, else the newest of the rpId. */
  get(options: RequestOptions, client: Client, { tamper = {} }: { tamper?: Tamper } = {}): Assertion {
    const { rpId } = options
    requireScope(rpId, client)
    const allowed = (options.allowCredentials ?? []) as { id: string }[]
    const credential =
      allowed.length > 0
        ? allowed.map(({ id }) => this.#held(rpId, id)).find((each) => each)
        : this.credentials.findLast((each) => each.rpId === rpId)
    if (!credential) throw new Error('NotAllowedError: no such credential here')
    if (this.counter !== 'zero') this.counter++
    const clientData = clientDataOf('webauthn.get', options.challenge, client, tamper)
    const authenticatorData = this.#data(rpId, {}, tamper)
    const signature = signed(authenticatorData, clientData, tamper.signer ?? credential.privateKey)
    const userHandle = tamper.userHandle === undefined ? credential.userHandle : tamper.userHandle
    const sent = sentBy(tamper)
    return {
      id: sent('id', credential.id),
      rawId: sent('rawId', credential.id),
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: {},
      response: {
        clientDataJSON: sent('clientDataJSON', clientData),
        authenticatorData: sent('authenticatorData', authenticatorData),
        signature: sent('signature', signature),
        userHandle: userHandle && text(userHandle),
      },
    }
  }

  #held(rpId: string, id: string): Credential | undefined {
    return this.credentials.find((each) => each.rpId === rpId && each.id.equals(bytesOf(id)))
  }
  /** §6.1: hash of the rpId, flags, counter, attested credential data, extensions. */
  #data(rpId: string, more: Partial<Flags>, tamper: Tamper, attested: Buffer = Buffer.alloc(0)): Buffer {
    const flags = { up: true, ...this.#flags, ...more, ed: tamper.extensions !== undefined, ...tamper.flags }
    const bits = { up: 0x01, uv: 0x04, be: 0x08, bs: 0x10, at: 0x40, ed: 0x80 }
    const head = Buffer.alloc(5)
    for (const [flag, bit] of Object.entries(bits)) if (flags[flag as keyof typeof flags]) head[0] = (head[0] as number) | bit
    head.writeUInt32BE(tamper.counter ?? (this.counter === 'zero' ? 0 : this.counter), 1)
    return Buffer.concat([sha256(tamper.rpId ?? rpId), head, attested, tamper.extensions ?? Buffer.alloc(0)])
  }
}

/** §5.1.3 step 8, §5.1.4.1 step 7: a client asks for no rpId but the page's own host or a domain above it. */
const requireScope = (rpId: string, { origin }: Client): void => {
  const { hostname } = new URL(origin)
  if (hostname !== rpId && !hostname.endsWith(`.${rpId}`)) throw new Error(`SecurityError: ${origin} is not of ${rpId}`)
}
/** §5.8.1, written as §5.8.1.1 says. */
const clientDataOf = (type: string, challenge: string, client: Client, tamper: Tamper): Buffer => {
  const { origin, crossOrigin = false, topOrigin } = client
  const data = { type, challenge, origin, crossOrigin, ...(topOrigin === undefined ? {} : { topOrigin }), ...tamper.clientData }
  return Buffer.from(tamper.clientDataText ?? JSON.stringify(data))
}
/** §6.3.3 step 11 and §8.2: over the authenticator data and the hash of the client data; ECDSA in ASN.1 (§6.5.5). */
const signed = (authenticatorData: Buffer, clientData: Buffer, key: KeyObject): Buffer =>
  sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', Buffer.concat([authenticatorData, sha256(clientData)]), key)

/** A key pair, its public half as COSE_Key (RFC 9052 §7, RFC 9053 §7, RFC 8230 §4), in the order of CTAP2's canonical CBOR. */
const newKey = (algorithm: Algorithm): { privateKey: KeyObject; publicKey: Buffer } => {
  const pair =
    algorithm === -7
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : algorithm === -8
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { privateKey: pair.privateKey, publicKey: coseOf(pair.publicKey, algorithm) }
}
const kinds: Record<string, number> = { OKP: 1, EC: 2, RSA: 3 }
const curves: Record<string, number> = { 'P-256': 1, 'P-384': 2, 'P-521': 3, Ed25519: 6, Ed448: 7 }
/** A key as COSE_Key; that it is one of `algorithm` is for the caller to say. */
export const coseOf = (key: KeyObject, algorithm: number): Buffer => {
  const { kty = '', crv = '', x = '', y = '', n = '', e = '' } = key.export({ format: 'jwk' })
  const parameters: [number, Cbor][] =
    kty === 'RSA'
      ? [
          [-1, bytesOf(n)],
          [-2, bytesOf(e)],
        ]
      : [
          [-1, curves[crv] as number],
          [-2, bytesOf(x)],
        ]
  if (kty === 'EC') parameters.push([-3, bytesOf(y)])
  return cbor(new Map<number, Cbor>([[1, kinds[kty] as number], [3, algorithm], ...parameters]))
}

type Cbor = number | string | Buffer | Buffer[] | Map<number | string, Cbor>
/** The shapes that are needed of CBOR (RFC 8949 §3): integers, byte and text strings, arrays, maps; lengths in the fewest bytes. */
export const cbor = (value: Cbor): Buffer => {
  const head = (major: number, size: number): Buffer => {
    if (size < 24) return Buffer.of((major << 5) | size)
    const bytes = size < 0x100 ? 1 : size < 0x10000 ? 2 : 4
    const written = Buffer.alloc(1 + bytes, (major << 5) | { 1: 24, 2: 25, 4: 26 }[bytes])
    written.writeUIntBE(size, 1, bytes)
    return written
  }
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)])
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, each]) => [cbor(key), cbor(each)])])
}

const sentBy =
  ({ sent }: Tamper) =>
  (part: Part, bytes: Buffer): string =>
    text(sent?.[part]?.(Buffer.from(bytes)) ?? bytes)
const text = (bytes: Buffer): string => bytes.toString('base64url')
const bytesOf = (base64url: string): Buffer => Buffer.from(base64url, 'base64url')
const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest()
