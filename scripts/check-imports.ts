import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
/** In order: a feature imports only those before it, through their index.ts. */
const features = [
  'events',
  'users',
  'policies',
  'sessions',
  'symbols',
  'letters',
  'codes',
  'devices',
  'totp',
  'passwords',
  'recovery-codes',
  'sign-in',
  'enrolments',
  'historical',
  'bulk',
  'analytics',
  'offboarding',
  'preflight',
]
const complaints: string[] = []
/** What a module takes at run time; a word about types binds nothing. */
const importsOf = (file: string): string[] =>
  [
    ...readFileSync(join(root, file), 'utf8')
      .replace(/^import type .*$/gm, '')
      .matchAll(/(?<![/\w])(?:from|import)\s*\(?\s*'([^']+)'/g),
  ].map((match) => match[1] as string)

/** Why an import is not allowed; undefined: it is. */
const complaint = (file: string, target: string): string | undefined => {
  const [workspace, , room, feature] = file.split('/') as [string, string, string, string]
  const bare = !target.startsWith('.')
  const path = bare ? target : relative(root, resolve(root, dirname(file), target))
  const test = /\.test\.ts$/.test(file)
  if (workspace === 'contract')
    return bare && target !== 'zod' && !test
      ? 'contract imports only zod'
      : !bare && !path.startsWith('contract/')
        ? 'contract imports nothing else'
        : undefined
  if (bare && target === '@postern/server' && workspace === 'web') return 'web imports only the contract'
  if (workspace === 'web') {
    if (!bare && !path.startsWith('web/') && !path.startsWith('node_modules/')) return 'web imports only the contract'
    const side = path.split('/')[2]
    if (room === 'ui' && (side === 'console' || side === 'phone' || target === '@postern/contract'))
      return 'ui knows no page and no endpoint'
    if (room === 'phone' && side === 'console') return 'phone and console share only ui'
    if (room === 'console' && side === 'phone') return 'phone and console share only ui'
    return undefined
  }
  if (workspace !== 'server' || bare) return undefined
  const [, , targetRoom, targetFeature] = path.split('/') as [string, string, string, string]
  if (room === 'platform') return targetRoom === 'platform' ? undefined : 'platform knows no feature and no edge'
  if (room === 'features') {
    if (targetRoom === 'edges') return 'a feature knows no edge'
    if (targetRoom !== 'features' || targetFeature === feature) return undefined
    if (!features.includes(feature)) return `${feature} is not in the order of features`
    if (features.indexOf(targetFeature) >= features.indexOf(feature))
      return `${feature} imports ${targetFeature}, which comes later`
    return path.endsWith('/index.ts') ? undefined : 'another feature is imported by its index.ts'
  }
  if (room === 'edges') {
    if (targetRoom === 'edges') return path.split('/')[3] === feature ? undefined : 'an edge knows no other edge'
    if (targetRoom === 'features' && !path.endsWith('/index.ts')) return 'a feature is imported by its index.ts'
  }
  return undefined
}
for (const file of globSync('{contract,server,cli,web}/src/**/*.{ts,tsx}', { cwd: root }))
  for (const target of importsOf(file)) {
    const why = complaint(file, target)
    if (why) complaints.push(`${file} imports ${target}: ${why}`)
  }
if (complaints.length > 0) {
  process.stderr.write(`${complaints.join('\n')}\n`)
  process.exitCode = 1
}
