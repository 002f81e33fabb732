import type { FieldCode, FieldError, Problem } from '@postern/contract'
import { t, type Words } from './words.ts'

const fields: Partial<Record<FieldCode, Words>> = {
  taken: 'wrong.taken',
  'too-short': 'wrong.tooShort',
  'too-long': 'wrong.tooLong',
  common: 'wrong.common',
  names: 'wrong.names',
  repeats: 'wrong.repeats',
  sequence: 'wrong.sequence',
}
const wordsOf = ({ path, code }: FieldError): Words => {
  if (path === 'activation') return 'activation.wrong'
  if (path === 'currentPassword' && code === 'mismatch') return 'key.currentWrong'
  if (path === 'username' && code !== 'taken') return 'wrong.username'
  return (code && fields[code]) ?? 'wrong.needed'
}
/** What is wrong with each field, by its path, in words for people. */
export const fieldErrors = (problem: Problem | undefined): Record<string, string> => {
  const found: Record<string, string> = {}
  for (const error of problem?.errors ?? []) found[error.path] ??= t(wordsOf(error))
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
