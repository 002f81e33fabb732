import {
  type Code,
  call,
  type Endpoint,
  getCode,
  listCodes,
  listCodeVersions,
  listEvents,
  restoreCodeVersion,
} from '@postern/contract'
import i18next from 'i18next'
import { send } from '../../api.ts'
import { toast } from '../../ui/Toasts.tsx'
import { queryClient } from '../calls.ts'

/** What is read again after a code was changed. */
export const changedByEdit: readonly Endpoint[] = [getCode, listCodes, listCodeVersions, listEvents]
const readAgain = () => {
  const paths = changedByEdit.map(({ path }) => path)
  return queryClient.invalidateQueries({ predicate: ({ queryKey }) => paths.includes(queryKey[0] as `/api/${string}`) })
}

/** Says what was saved, and offers to take it back. The version stays among the others, whether somebody does or not. */
export const toldWithUndo = (saved: Code, before: Pick<Code, 'version'>) => {
  if (saved.version === before.version) return
  toast(i18next.t('codes:edit.saved'), () => void undo(saved, before.version))
}
const undo = async (saved: Code, version: number) => {
  try {
    const now = await call(send, getCode, { id: saved.id })
    // somebody went on from it meanwhile: theirs is not taken back with ours
    if (now.value.version !== saved.version) toast(i18next.t('codes:edit.undoneNot'))
    else {
      await call(send, restoreCodeVersion, { id: saved.id, version }, { headers: { 'if-match': now.etag ?? '' } })
      toast(i18next.t('codes:edit.undone'))
    }
  } catch {
    toast(i18next.t('codes:edit.undoneNot'))
  } finally {
    await readAgain()
  }
}
