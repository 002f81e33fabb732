#!/usr/bin/env node
import module from 'node:module'
import { fileURLToPath } from 'node:url'

// Node 24 runs TypeScript as it is; the one in node_modules stands first on the PATH of npx and npm scripts
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(`postern needs Node 24 or newer, this is ${process.versions.node}. In a checkout run it as: npx postern\n`)
  process.exit(1)
}
// 32 MiB for what lives for one request only: with V8's 16 a twelfth of the time under load goes into moving what is about to
// die. Node reads it when it starts, so the server begins anew in its own place, as the same process.
const young = '--max-semi-space-size'
const isSet = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((each) => each.includes(young))
if (process.argv[2] === 'serve' && !isSet)
  process.execve?.(process.execPath, [process.execPath, `${young}=32`, ...process.execArgv, ...process.argv.slice(1)])
// compiled sources halve the next start; beside the packages, never in /tmp, where others could put code for us
module.enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/postern', import.meta.url)))
const { main } = await import('../src/main.ts')
process.exitCode = await main(process.argv.slice(2))
