import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import pg from 'pg'
import { freshDatabase, scratchFolder } from './cluster.ts'
import { freePort, type ServerProcess, startProcess } from './server.ts'

/** The name that pages have on the hosts with TLS; Chromium is told that it is this machine. */
export const hostName = 'postern.test'

type Certificates = { ca: string; cert: string; key: string }
let made: Certificates | undefined
/** A certificate authority of this test run and one certificate by it, made by openssl. */
export const certificates = (): Certificates => {
  if (made) return made
  const folder = scratchFolder()
  const at = (name: string): string => join(folder, name)
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const openssl = (...more: string[]) => execFileSync('openssl', [...request, ...more], { stdio: 'ignore' })
  openssl(
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
    '-subj',
    '/CN=Postern test CA',
    '-addext',
    'keyUsage=critical,keyCertSign',
  )
  openssl(
    ...['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-keyout', at('host.key'), '-out', at('host.pem')],
    ...['-subj', `/CN=${hostName}`, '-addext', `subjectAltName=DNS:${hostName}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
  )
  made = { ca: at('ca.pem'), cert: at('host.pem'), key: at('host.key') }
  return made
}

/** A home for Chromium whose certificate store trusts the test's authority, and nothing of this machine's user. */
export const homeThatTrusts = (ca: string): string => {
  const home = scratchFolder()
  const store = join(home, '.pki/nssdb')
  mkdirSync(store, { recursive: true })
  execFileSync('certutil', ['-d', `sql:${store}`, '-N', '--empty-password'], { stdio: 'ignore' })
  execFileSync('certutil', ['-d', `sql:${store}`, '-A', '-t', 'C,,', '-n', 'postern-test', '-i', ca], { stdio: 'ignore' })
  return home
}

export type Host = {
  origin: string
  /** Where a browser's address can be told: behind a proxy that the server trusts. */
  proxied: boolean
  server: ServerProcess
  /** The first operator's link as the start printed it, and all that stood on standard output. */
  printed: () => { link: string; output: string }
  sql: (text: string, values?: unknown[]) => Promise<Record<string, never>[]>
}

const host = async (env: Record<string, string>, port: number, proxied = false): Promise<Host> => {
  const databaseUrl = await freshDatabase()
  const folder = scratchFolder()
  const server = await startProcess(
    {
      DATABASE_URL: databaseUrl,
      POSTERN_DATA: folder,
      POSTERN_KEY_FILE: join(folder, 'master.key'),
      POSTERN_LISTEN: `127.0.0.1:${port}`,
      ...env,
    },
    { port },
  )
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 })
  pool.on('error', () => {})
  after(() => pool.end())
  // the link comes right after the server began to answer
  for (const deadline = Date.now() + 60_000; !/\/c\/cod_\S+#\S+\n/.test(server.output()); ) {
    if (Date.now() > deadline) throw new Error(`no link was printed: ${server.output()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    origin: server.origin,
    proxied,
    server,
    printed: () => ({
      link: /https?:\/\/\S+\/c\/cod_\S+#\S+/.exec(server.output())?.[0] as string,
      output: server.output(),
    }),
    sql: async (text, values) => (await pool.query(text, values as never)).rows as never,
  }
}

/** As on the machine of a first try: http://localhost. `also`: further origins that the server answers under. */
export const onLocalhost = async (also: (port: number) => string[] = () => []): Promise<Host> => {
  const port = await freePort()
  return host({ POSTERN_ORIGIN: [`http://localhost:${port}`, ...also(port)].join(',') }, port)
}
/** The server speaks TLS itself, under a name. */
export const underName = async (): Promise<Host> => {
  const port = await freePort()
  const { cert, key } = certificates()
  return host({ POSTERN_ORIGIN: `https://${hostName}:${port}`, POSTERN_TLS_CERT: cert, POSTERN_TLS_KEY: key }, port)
}
/** Debian's nginx speaks TLS and passes on to the server on loopback, with a configuration that says no more than it must. */
export const behindNginx = async (): Promise<Host> => {
  const [port, front] = [await freePort(), await freePort()]
  await startNginx(front, port)
  return host({ POSTERN_ORIGIN: `https://${hostName}:${front}`, POSTERN_TRUSTED_PROXIES: '127.0.0.1' }, port, true)
}

const startNginx = async (front: number, back: number): Promise<void> => {
  const folder = scratchFolder()
  const { cert, key } = certificates()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${folder}/${what};`)
  const configuration = join(folder, 'nginx.conf')
  writeFileSync(
    configuration,
    `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {}
http {
  access_log off;
  ${temporary.join('\n  ')}
  server {
    listen 127.0.0.1:${front} ssl http2;
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    location / {
      proxy_pass http://127.0.0.1:${back};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
`,
  )
  const program = ['/usr/sbin/nginx', '/usr/bin/nginx'].find((path) => existsSync(path)) ?? 'nginx'
  const child = spawn(program, ['-c', configuration, '-p', folder, '-e', `${folder}/error.log`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  after(async () => {
    child.kill('SIGKILL')
    await ended
  })
}
