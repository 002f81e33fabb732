// better-auth as a server: PostgreSQL, two-factor plug-in, no rate limit. The password "hash" is a string compare, for
// only what comes after the password is measured. Environment: DATABASE_URL, PORT.
import { createServer } from 'node:http'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { twoFactor } from 'better-auth/plugins'
import pg from 'pg'

const port = Number(process.env.PORT)
const options = {
  appName: 'Bench',
  baseURL: `http://localhost:${port}`,
  secret: 'a secret of the benchmark, 0123456789 abcdef',
  database: new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 16 }),
  rateLimit: { enabled: false },
  logger: { disabled: true },
  telemetry: { enabled: false },
  emailAndPassword: {
    enabled: true,
    password: {
      hash: async (password) => `plain:${password}`,
      verify: async ({ hash, password }) => hash === `plain:${password}`,
    },
  },
  plugins: [twoFactor()],
}
const { runMigrations } = await getMigrations(options)
await runMigrations()
const handle = toNodeHandler(betterAuth(options))
createServer((request, response) => handle(request, response)).listen(port, '127.0.0.1', () => process.stdout.write('ready\n'))
