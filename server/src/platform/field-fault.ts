import type { Fault, FieldCode } from '@postern/contract'

/** What zod found, as it comes in a ZodError or through Fastify. */
export type Issue = {
  code?: string | undefined
  message?: string | undefined
  origin?: string | undefined
  minimum?: number | bigint | undefined
  maximum?: number | bigint | undefined
  params?: Record<string, unknown> | undefined
}
/** A schema’s issue as what is told of a field. `absent`: there was nothing at its place. */
export const faultOf = (issue: Issue, absent: boolean): Fault => ({
  message: issue.message ?? 'is not valid',
  ...(absent ? { code: 'required' as const } : kindOf(issue)),
})
const kindOf = ({ code, origin, minimum, maximum, params }: Issue): Omit<Fault, 'message'> => {
  const numbers = origin === 'number' || origin === 'int'
  switch (code) {
    case 'too_small': {
      if (!numbers && Number(minimum) === 1) return { code: 'required' }
      const small = numbers ? 'too-small' : origin === 'array' ? 'too-few' : 'too-short'
      return { code: small, values: { least: Number(minimum) } }
    }
    case 'too_big': {
      const big = numbers ? 'too-large' : origin === 'array' ? 'too-many' : 'too-long'
      return { code: big, values: { most: Number(maximum) } }
    }
    case 'invalid_type':
      return { code: 'type' }
    case 'invalid_value':
      return { code: 'choice' }
    case 'invalid_format':
      return { code: 'format' }
    default:
      // a rule of ours says itself what it is about
      return typeof params?.code === 'string' ? { code: params.code as FieldCode } : {}
  }
}
