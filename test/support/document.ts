import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from '@postern/contract'

type Operation = { responses: Record<string, { description: string; headers?: object }> }
const { paths, components } = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: { Problem: { properties: object } } }
}
/** What a client acts on. The others say something to browsers, or to whatever stands between. */
const acted = ['etag', 'set-cookie', 'www-authenticate', 'dpop-nonce', 'retry-after', 'content-disposition', 'location']
const parts = (path: string): number => path.split('{').length
const known = Object.entries(paths)
  .sort(([a], [b]) => parts(a) - parts(b))
  .map(([path, methods]) => ({ fits: new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`), methods }))

/**
 * Holds an answer to the published document: a client that knows nothing else must have been told of it. A fault (500) is
 * no answer that is promised; who provokes one looks for it.
 */
export const requireDocumented = (
  method: string,
  url: string,
  { status, headers }: Response,
  problem: Problem | undefined,
): void => {
  const path = url.split('?')[0] as string
  const operation = known.find(({ fits, methods }) => fits.test(path) && methods[method.toLowerCase()])?.methods[
    method.toLowerCase()
  ]
  if (!operation || status === 500) return
  const answer = operation.responses[status]
  const said = [
    ...(answer && (!problem || answer.description.split(', ').includes(problem.code)) ? [] : [problem?.code ?? '']),
    ...acted.filter(
      (name) => headers.has(name) && !Object.keys(answer?.headers ?? {}).some((each) => each.toLowerCase() === name),
    ),
    ...Object.keys(problem ?? {}).filter((name) => !(name in components.schemas.Problem.properties)),
  ]
  if (said.length > 0)
    throw new Error(`${method} ${path} answered ${status} with ${said.join(', ')}, which the OpenAPI document does not know`)
}
