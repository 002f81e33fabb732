import { type bulkCodes as bulkCodesEndpoint, bulkWithoutProof, type In } from '@postern/contract'
import { invalid, type Refusal } from '../../platform/refusal.ts'
import type { RowErrors } from './error-words.ts'

export type BulkInput = In<typeof bulkCodesEndpoint>
/** What a job keeps of how it was asked for: what each row needs. */
export type BulkRequest = Pick<
  BulkInput,
  'reason' | 'also' | 'change' | 'expiresInMinutes' | 'symbols' | 'deliver' | 'language' | 'factor'
>

const parts = ['ids', 'filter', 'userIds', 'userFilter'] as const
const terms = ['reason', 'also', 'change', 'expiresInMinutes', 'symbols', 'deliver', 'language', 'factor'] as const
/** What each act takes beside its codes; what is missing or too much is named. */
const takes: Record<
  BulkInput['action'],
  { from: readonly (typeof parts)[number][]; needs: readonly string[]; may: readonly string[] }
> = {
  revoke: { from: ['ids', 'filter'], needs: ['reason'], may: ['also'] },
  reissue: { from: ['ids', 'filter'], needs: [], may: ['reason', 'change', 'expiresInMinutes', 'symbols', 'language'] },
  edit: { from: ['ids', 'filter'], needs: ['change'], may: ['reason'] },
  issue: {
    from: ['userIds', 'userFilter'],
    needs: [],
    may: ['reason', 'expiresInMinutes', 'symbols', 'deliver', 'language', 'factor'],
  },
  print: { from: ['ids', 'filter'], needs: [], may: ['reason', 'symbols'] },
}

/** Why a bulk call is not whole; undefined: it is. */
export const whyNotWhole = (input: BulkInput): Refusal | undefined => {
  const { from, needs, may } = takes[input.action]
  const given = parts.filter((part) => input[part] !== undefined)
  const [only] = given
  if (given.length !== 1 || only === undefined || !from.includes(only))
    return invalid(only ?? (from[0] as string), `${input.action} takes one of ${from.join(' and ')}`)
  for (const field of needs)
    if (input[field as keyof BulkInput] === undefined && !input.dryRun) return invalid(field, `${input.action} asks for it`)
  for (const field of terms)
    if (input[field] !== undefined && !needs.includes(field) && !may.includes(field))
      return invalid(field, `${input.action} does not take it`)
  if (input.change && Object.keys(input.change).length === 0) return invalid('change', 'says nothing: name a field')
  const changed = input.action === 'reissue' && input.change ? Object.keys(input.change) : []
  const other = changed.find((field) => field !== 'destination' && field !== 'expiresAt')
  return other ? invalid(`change.${other}`, 'a re-issue takes destination and expiresAt; edit the codes first') : undefined
}

/** More than ten codes, or whatever a person or a device has, or somebody looks after: it asks for somebody who has just authenticated. */
export const asksForProof = ({ filter, action }: Pick<BulkInput, 'filter' | 'action'>, total: number): boolean =>
  total > bulkWithoutProof ||
  filter?.userId !== undefined ||
  filter?.owner !== undefined ||
  filter?.device !== undefined ||
  action === 'issue'

/** What a row says of why it failed. */
export const errorsIn = (refusal: Refusal): RowErrors => ({
  code: refusal.code,
  detail: refusal.extras.detail ?? refusal.why,
  ...(refusal.extras.errors ? { columns: refusal.extras.errors.map(({ path, ...fault }) => ({ column: path, ...fault })) } : {}),
})
