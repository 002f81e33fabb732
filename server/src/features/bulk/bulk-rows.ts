import type { Code, In, updateCode as updateCodeEndpoint } from '@postern/contract'
import type { Actor } from '../../platform/actor.ts'
import { fromId, toId } from '../../platform/ids.ts'
import { type CodesDeps, createCode, reissueCode, updateCode } from '../codes/index.ts'
import { type Job, openInput, type RowResult, type WaitingRow } from './bulk-store.ts'
import type { NewLink, NewPerson } from './import-rules.ts'
import { importUser, issueCode } from './import-user.ts'

/** What a row made: the code, and what only who made the job may fetch of it, once. */
export type Made = { codeId?: string; result?: RowResult }

/**
 * A row is the act that a person would do on one code or person, by the same function. The act hands its value to
 * `alongside` in its own transaction, so what a row made is asked of it there.
 */
export const doRow = (deps: CodesDeps, actor: Actor, job: Job, row: WaitingRow): Promise<unknown> => {
  const { change, expiresInMinutes } = job.request
  const subject = row.subjectId as string
  const given = () => openInput(deps.keys, job.id, row.n, row.input as Buffer).input
  switch (job.action) {
    case 'reissue':
      return reissueCode(making(deps, madeOfReissue), actor, {
        id: toId('cod', subject),
        ...(change?.destination === undefined ? {} : { destination: change.destination }),
        ...(change?.expiresAt === undefined ? {} : { expiresAt: change.expiresAt }),
        ...(expiresInMinutes === undefined ? {} : { expiresInMinutes }),
      })
    case 'edit':
      return updateCode(
        making(deps, (code: { id: string }) => ({ codeId: fromId(code.id) })),
        actor,
        { id: toId('cod', subject), ...change } as In<typeof updateCodeEndpoint>,
        'any',
      )
    case 'issue':
      return issueCode(deps, actor, subject, job.request)
    case 'import-users':
      return importUser(deps, actor, given() as NewPerson)
    case 'import-codes':
      return createCode(making(deps, madeOfLink), actor, given() as NewLink)
    case 'revoke':
    case 'print':
      throw new Error(`${job.action} goes by portions`)
  }
}
/** Turns an act's own answer into what its row made, before it reaches the mark on the row. */
const making = <T>(deps: CodesDeps, madeOf: (value: T) => Made): CodesDeps => ({
  ...deps,
  alongside: (tx, decided) =>
    deps.alongside?.(tx, decided.ok ? { ok: true, value: madeOf(decided.value as T) } : decided) ?? Promise.resolve(),
})
type Reissued = Awaited<ReturnType<typeof reissueCode>>
const madeOfReissue = ({ code, url, activation }: Reissued): Made => {
  const address = url ?? code.url
  return {
    codeId: fromId(code.id),
    ...(address ? { result: { url: address, ...(activation ? { activation } : {}) } } : {}),
  }
}
const madeOfLink = ({ id, url }: Code): Made => ({ codeId: fromId(id), ...(url ? { result: { url } } : {}) })
