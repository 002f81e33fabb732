import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { isLoopback } from './platform/loopback.ts'

const isOrigin = (value: string): boolean => {
  try {
    const url = new URL(value)
    return (url.protocol === 'http:' || url.protocol === 'https:') && url.origin === value
  } catch {
    return false
  }
}
const isCidr = (value: string): boolean => ipaddr.isValidCIDR(value) || ipaddr.isValid(value)
const list = (value: string): string[] =>
  value
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')

/** One entry a variable: what it takes in words (for `--help`, the docs table, and the line of a wrong start), its default, its schema. */
const settings = {
  POSTERN_ORIGIN: {
    takes: 'public URLs, separated by commas; the first is the public one, the others are accepted as Host',
    default: 'http://localhost:8470',
    schema: z
      .string()
      .transform(list)
      .pipe(z.array(z.string().refine(isOrigin, 'an origin like https://postern.example.org, without a path')).min(1)),
  },
  POSTERN_LISTEN: {
    takes: 'host:port to listen on; loopback unless set',
    default: '127.0.0.1:8470',
    schema: z
      .string()
      .regex(/^(\[[0-9a-fA-F:]+\]|[^:]+):\d{1,5}$/, 'host:port, like 127.0.0.1:8470 or [::1]:8470')
      .transform((value) => ({
        host: value.slice(0, value.lastIndexOf(':')).replace(/[[\]]/g, ''),
        port: Number(value.slice(value.lastIndexOf(':') + 1)),
      }))
      .refine(({ port }) => port <= 65_535, 'a port up to 65535'),
  },
  POSTERN_DATA: { takes: 'folder for the embedded database and the master key', default: './data', schema: z.string().min(1) },
  DATABASE_URL: {
    takes: 'PostgreSQL 15 or newer, postgres://…; without it the embedded one',
    default: undefined,
    schema: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'an address that starts with postgres://')
      .optional(),
  },
  POSTERN_KEY_FILE: {
    takes: 'file of the master key, the same for every process; by default master.key in the data folder',
    default: undefined,
    schema: z.string().min(1).optional(),
  },
  POSTERN_TRUSTED_PROXIES: {
    takes: 'addresses or CIDRs, separated by commas, whose Forwarded or X-Forwarded-For is believed; nobody’s by default',
    default: '',
    schema: z
      .string()
      .transform(list)
      .pipe(z.array(z.string().refine(isCidr, 'an address or CIDR like 10.0.0.0/8'))),
  },
  POSTERN_TLS_CERT: {
    takes: 'file of a certificate chain (PEM); with POSTERN_TLS_KEY the server speaks TLS itself',
    default: undefined,
    schema: z.string().min(1).optional(),
  },
  POSTERN_TLS_KEY: { takes: 'file of its private key (PEM)', default: undefined, schema: z.string().min(1).optional() },
  POSTERN_GEO_DB: {
    takes: 'an .mmdb with cities; the bundled one knows countries',
    default: undefined,
    schema: z.string().min(1).optional(),
  },
  POSTERN_SMTP_URL: {
    takes: 'smtp:// or smtps:// address of a mail server; accepted now, used from the version that sends mail',
    default: undefined,
    schema: z
      .string()
      .regex(/^smtps?:\/\//, 'an address that starts with smtp:// or smtps://')
      .optional(),
  },
  POSTERN_BOOTSTRAP: {
    takes: 'on or off: whether a start without an operator prints a link for the first one',
    default: 'on',
    schema: z.enum(['on', 'off'], 'on or off'),
  },
  POSTERN_LOG: {
    takes: 'debug, info, warn, error or silent: what the operational log says on standard error',
    default: 'info',
    schema: z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'debug, info, warn, error or silent'),
  },
} as const

type Read = { [K in keyof typeof settings]: z.output<(typeof settings)[K]['schema']> }
export type Config = {
  origins: string[]
  /** The public origin: all links and codes are made of it, never of a Host header. */
  origin: string
  listen: { host: string; port: number }
  dataFolder: string
  databaseUrl: string | undefined
  keyFile: string
  trustedProxies: string[]
  tls: { cert: string; key: string } | undefined
  geoDb: string | undefined
  bootstrap: boolean
  log: Read['POSTERN_LOG']
}

/** A wrong setting: one line that names the variable, what it got and what it takes. */
export class ConfigError extends Error {}

/** Reads the environment. Throws ConfigError. */
export const readConfig = (env: Record<string, string | undefined>): Config => {
  const read: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(settings)) {
    const given = env[name] === '' ? undefined : env[name]
    const parsed = setting.schema.safeParse(given ?? setting.default)
    if (!parsed.success)
      throw new ConfigError(`${name} is "${given}": it takes ${parsed.error.issues[0]?.message ?? setting.takes}`)
    read[name] = parsed.data
  }
  for (const name of Object.keys(env))
    if (name.startsWith('POSTERN_') && !(name in settings) && !clientVariables.has(name))
      throw new ConfigError(`${name} is not a setting: see postern serve --help`)
  const values = read as Read
  if ((values.POSTERN_TLS_CERT === undefined) !== (values.POSTERN_TLS_KEY === undefined))
    throw new ConfigError(
      `${values.POSTERN_TLS_CERT ? 'POSTERN_TLS_KEY' : 'POSTERN_TLS_CERT'} is not set: a certificate and its key go together`,
    )
  return {
    origins: values.POSTERN_ORIGIN,
    origin: values.POSTERN_ORIGIN[0] as string,
    listen: values.POSTERN_LISTEN,
    dataFolder: values.POSTERN_DATA,
    databaseUrl: values.DATABASE_URL,
    keyFile: values.POSTERN_KEY_FILE ?? `${values.POSTERN_DATA}/master.key`,
    trustedProxies: values.POSTERN_TRUSTED_PROXIES,
    tls:
      values.POSTERN_TLS_CERT && values.POSTERN_TLS_KEY
        ? { cert: values.POSTERN_TLS_CERT, key: values.POSTERN_TLS_KEY }
        : undefined,
    geoDb: values.POSTERN_GEO_DB,
    bootstrap: values.POSTERN_BOOTSTRAP === 'on',
    log: values.POSTERN_LOG,
  }
}
/** What will not do as it is set, though the server starts: a line for who starts it. */
export const adviceOn = ({ origin, listen, trustedProxies }: Config): string | undefined =>
  trustedProxies.length === 0 && isLoopback(listen.host) && !isLoopback(new URL(origin).hostname)
    ? `POSTERN_TRUSTED_PROXIES is not set: whoever comes to ${origin} has the address of the proxy on this machine, so that one limit holds for all of them and nobody is near or far. Name its address there, such as 127.0.0.1`
    : undefined
/** Uses the file that a setting names; one that cannot be read, or does not serve, is a wrong setting. Throws ConfigError. */
export const fromFile = <T>(name: keyof typeof settings, path: string, use: (content: Buffer) => T): T => {
  try {
    return use(readFileSync(path))
  } catch (error) {
    const [why] = (error as Error).message.split('\n')
    throw new ConfigError(`${name} is "${path}": it takes ${settings[name].takes} (${why})`)
  }
}
/** Certificate and key, read and found to belong together. Throws ConfigError. */
export const readTls = ({ tls }: Pick<Config, 'tls'>): { cert: Buffer; key: Buffer } | undefined => {
  if (!tls) return undefined
  const cert = fromFile('POSTERN_TLS_CERT', tls.cert, (content) => ({ content, parsed: new X509Certificate(content) }))
  const key = fromFile('POSTERN_TLS_KEY', tls.key, (content) => {
    if (!cert.parsed.checkPrivateKey(createPrivateKey(content))) throw new Error('it is the key of another certificate')
    return content
  })
  return { cert: cert.content, key }
}
/** Listens where POSTERN_LISTEN says; an address that cannot be had is a wrong setting. Throws ConfigError. */
export const listening = async <T>({ listen: { host, port } }: Config, listen: () => Promise<T>): Promise<T> => {
  try {
    return await listen()
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (!code?.startsWith('E')) throw error
    const got = `${host.includes(':') ? `[${host}]` : host}:${port}`
    throw new ConfigError(`POSTERN_LISTEN is "${got}": it takes an address of this machine that is free (${message})`)
  }
}
/** Of the command line as a client, and of the tests. */
const clientVariables = new Set(['POSTERN_URL', 'POSTERN_TOKEN', 'POSTERN_VECTORS'])

/** Name, default and meaning of each variable, for `postern serve --help` and the table of the docs. */
export const settingsTable = (): { name: string; default: string; takes: string }[] =>
  Object.entries(settings).map(([name, setting]) => ({ name, default: setting.default ?? '', takes: setting.takes }))
