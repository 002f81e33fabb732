import type { Cluster } from './cluster.ts'
import { cookiesOf, type Generator, jsonOf, type Outcome, request, type Shot } from './load.ts'
import { passcodeNow } from './people.ts'
import { startPeer } from './servers.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** RFC 4648 §6. */
const fromBase32 = (text: string): Buffer => {
  const bits = [...text.replace(/=+$/, '')].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}
type Account = { email: string; session: string; secret: Buffer }
const password = 'violet harbour walks 42 kilometres'
/** Concurrency at which preparing calls run. */
const preparing = 16

/** better-auth on a database of its own; its people are made by its own calls, for its tables are its own affair. */
export class BetterAuth {
  readonly port: number
  readonly pid: number
  readonly stop: () => Promise<void>
  readonly #generator: Generator
  accounts: Account[] = []

  private constructor(server: Awaited<ReturnType<typeof startPeer>>, generator: Generator) {
    this.port = server.port
    this.pid = server.pid
    this.stop = () => server.stop()
    this.#generator = generator
  }
  static async start(cluster: Cluster, generator: Generator, name: string): Promise<BetterAuth> {
    return new BetterAuth(await startPeer('better-auth', await cluster.newDatabase(name)), generator)
  }
  shot(method: string, path: string, cookie: string, body?: unknown): Shot {
    const host = `localhost:${this.port}`
    const headers = { host, origin: `http://${host}`, ...(cookie ? { cookie } : {}) }
    return { to: 0, text: request(method, `/api/auth${path}`, headers, body === undefined ? undefined : JSON.stringify(body)) }
  }
  async #all(shots: Shot[], what: string): Promise<string[]> {
    const outcome: Outcome = await this.#generator.run({ ports: [this.port], concurrency: preparing, shots, keep: true })
    const wrong = outcome.answers.find((_, at) => outcome.statuses[at] !== 200)
    if (wrong) throw new Error(`better-auth, ${what}: ${wrong}`)
    return outcome.answers
  }
  /** Signs people up: each has a session. */
  async signUp(n: number): Promise<void> {
    const emails = Array.from({ length: n }, (_, at) => `u${this.accounts.length + at}@example.test`)
    const answers = await this.#all(
      emails.map((email) => this.shot('POST', '/sign-up/email', '', { email, password, name: 'U' })),
      'sign-up',
    )
    this.accounts.push(
      ...answers.map((answer, at) => ({ email: emails[at] as string, session: cookiesOf(answer), secret: Buffer.alloc(0) })),
    )
  }
  /** Gives everybody an active TOTP secret. */
  async enrol(): Promise<void> {
    const enabled = await this.#all(
      this.accounts.map(({ session }) => this.shot('POST', '/two-factor/enable', session, { password })),
      'enable',
    )
    this.accounts.forEach((account, at) => {
      const { totpURI } = jsonOf(enabled[at] as string) as { totpURI: string }
      account.secret = fromBase32(new URL(totpURI).searchParams.get('secret') ?? '')
    })
    await this.#all(
      this.accounts.map((account) =>
        this.shot('POST', '/two-factor/verify-totp', account.session, { code: passcodeNow(account.secret) }),
      ),
      'confirm',
    )
  }
  /** Everybody's first factor: a verification each, ready to go. */
  async verifications(accounts: readonly Account[]): Promise<Shot[]> {
    const answers = await this.#all(
      accounts.map(({ email }) => this.shot('POST', '/sign-in/email', '', { email, password })),
      'sign-in',
    )
    return accounts.map((account, at) =>
      this.shot('POST', '/two-factor/verify-totp', cookiesOf(answers[at] as string), { code: passcodeNow(account.secret) }),
    )
  }
}
