import { readFileSync } from 'node:fs'
import { join } from 'node:path'

type Operation = { responses: Record<string, { description: string }> }
const { paths } = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>
}
const parts = (path: string): number => path.split('{').length
const known = Object.entries(paths)
  .sort(([a], [b]) => parts(a) - parts(b))
  .map(([path, methods]) => ({ fits: new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`), methods }))

/**
 * Holds an answer to the published document: a client that knows nothing else must have been told of it. A fault (500) is
 * no answer that is promised; who provokes one looks for it.
 */
export const requireDocumented = (method: string, url: string, status: number, code: string | undefined): void => {
  const path = url.split('?')[0] as string
  const operation = known.find(({ fits, methods }) => fits.test(path) && methods[method.toLowerCase()])?.methods[
    method.toLowerCase()
  ]
  if (!operation || status === 500) return
  const answer = operation.responses[status]
  if (!answer || (code !== undefined && !answer.description.split(', ').includes(code)))
    throw new Error(`${method} ${path} answered ${status} ${code ?? ''}, which the OpenAPI document does not know`)
}
