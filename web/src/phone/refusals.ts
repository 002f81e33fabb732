import type { Problem } from '@postern/contract'
import { t, type Words } from './words.ts'

const fields: [RegExp, Words][] = [
  [/taken|in use/i, 'wrong.taken'],
  [/letters, digits and|at least 2 characters|at most 64 characters|choose a user name/i, 'wrong.username'],
  [/at least 15 characters/i, 'wrong.tooShort'],
  [/list of passwords/i, 'wrong.common'],
  [/made of a name/i, 'wrong.names'],
  [/repeats itself/i, 'wrong.repeats'],
  [/row of keys/i, 'wrong.sequence'],
  [/did not match/i, 'key.currentWrong'],
]
/** What is wrong with each field, by its path, in words for people. */
export const fieldErrors = (problem: Problem | undefined): Record<string, string> => {
  const found: Record<string, string> = {}
  for (const { path, message } of problem?.errors ?? []) {
    const key = path === 'activation' ? 'activation.wrong' : fields.find(([pattern]) => pattern.test(message))?.[1]
    found[path] ??= key ? t(key) : t('wrong.needed')
  }
  return found
}

/** What a refusal means that belongs to no field; `seconds`: left of a wait, or until the next passcode. */
export const inWords = (problem: Problem, seconds: number): string => {
  const tries = problem.triesLeft === undefined ? '' : ` ${t('wrong.triesLeft', { count: problem.triesLeft })}`
  switch (problem.code) {
    case 'factor-wrong': {
      const off = problem.clockOffset
      if (!off) return t('wrong.mismatch') + tries
      return t(off < 0 ? 'wrong.clockSlow' : 'wrong.clockFast', { seconds: Math.abs(off) }) + tries
    }
    case 'totp-replayed':
      return t('wrong.spent', { seconds })
    case 'rate-limited':
      return t('wrong.wait', { seconds })
    case 'proof-stale':
      return t('wrong.clock')
    case 'enrolment-off':
      return t('wrong.off')
    case 'unavailable':
    case 'clock-skew':
      return t(problem.status === 0 ? 'wrong.unreachable' : 'wrong.busy')
    default:
      return t('wrong.other') + (problem.requestId ? ` ${t('wrong.request', { id: problem.requestId })}` : '')
  }
}

/** Which rule stopped an approval. Only `code` is stable; the detail is read for its matter, and where it says nothing known, nothing is guessed. */
export const whyRefused = ({
  detail = '',
}: Problem): 'camera' | 'computer-first' | 'device-held' | 'far' | 'unknown-browser' | undefined =>
  /camera/i.test(detail)
    ? 'camera'
    : /password/i.test(detail)
      ? 'computer-first'
      : /leave|synced|held/i.test(detail)
        ? 'device-held'
        : /near|network|country|far/i.test(detail)
          ? 'far'
          : /browser/i.test(detail)
            ? 'unknown-browser'
            : undefined
