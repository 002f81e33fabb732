import * as contract from '@postern/contract'
import { fromId } from '../../platform/ids.ts'
import { Refusal } from '../../platform/refusal.ts'
import { type Route, route } from '../../platform/route.ts'
import { tagged, versionOf } from '../../platform/versions.ts'
import { checkCode, reportCode } from './check-code.ts'
import { codeSettingsRoutes } from './code-settings.ts'
import { codeSymbolRoutes } from './code-symbol.ts'
import { type CodesDeps, claim, inspect } from './codes.ts'
import { readCounts } from './codes-filter.ts'
import { readCode, readCodes, readScans, readVersions } from './codes-read.ts'
import { createCode, restoreVersion, updateCode } from './edit-code.ts'
import { reissueCode } from './reissue-code.ts'
import { revokeCode } from './revoke-code.ts'

/** What whoever holds a code may ask, and do once. */
export const claimRoutes = (deps: CodesDeps): Route[] => [
  route(contract.inspectCode, async ({ actor, input, claimToken }) => ({
    value: await inspect(deps, actor, input, claimToken),
  })),
  route(contract.claimCode, async ({ actor, input, claimToken }) => {
    const claimed = await claim(deps, actor, input, claimToken)
    return { value: claimed.answer, ...(claimed.claimToken ? { claim: claimed.claimToken } : {}) }
  }),
]

export const codesRoutes = (deps: CodesDeps): Route[] => {
  const found = async (id: string): Promise<contract.Code> => {
    const code = await readCode(deps.db, deps.origin, fromId(id))
    if (!code) throw new Refusal('not-found')
    return code
  }
  return [
    route(contract.createCode, async ({ actor, input }) => tagged(await createCode(deps, actor, input))),
    route(contract.listCodes, async ({ input }) => ({ value: await readCodes(deps.db, deps.origin, input) })),
    route(contract.countCodes, async ({ input }) => ({ value: await readCounts(deps.db, input) })),
    route(contract.getCode, async ({ input }) => tagged(await found(input.id))),
    route(contract.updateCode, async ({ actor, input, ifMatch }) =>
      tagged(await updateCode(deps, actor, input, versionOf(ifMatch))),
    ),
    route(contract.listCodeVersions, async ({ input: { id, ...paging } }) => {
      await found(id)
      return { value: await readVersions(deps.db, fromId(id), paging) }
    }),
    route(contract.restoreCodeVersion, async ({ actor, input, ifMatch }) =>
      tagged(await restoreVersion(deps, actor, input, versionOf(ifMatch))),
    ),
    route(contract.listScans, async ({ input: { id, ...filter } }) => {
      await found(id)
      return { value: await readScans(deps.db, deps.keys, fromId(id), filter) }
    }),
    route(contract.revokeCode, async ({ actor, input }) => ({ value: await revokeCode(deps, actor, input) })),
    route(contract.reissueCode, async ({ actor, input }) => ({ value: await reissueCode(deps, actor, input) })),
    route(contract.checkCode, async ({ actor, input, claimToken }) => ({
      value: await checkCode(deps, actor, input, claimToken),
    })),
    route(contract.reportCode, async ({ actor, input }) => {
      await reportCode(deps, actor, input)
      return { value: undefined }
    }),
    ...codeSymbolRoutes(deps),
    ...codeSettingsRoutes(deps),
  ]
}
