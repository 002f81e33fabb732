import { type Role, roles } from '@postern/contract'

const rank = (role: Role): number => roles.indexOf(role)
/** The highest of a person's roles; `user` where there is none. */
export const highest = (held: readonly Role[]): Role => roles.findLast((role) => held.includes(role)) ?? 'user'
export const atLeast = (held: Role, asked: Role): boolean => rank(held) >= rank(asked)
/** Nobody acts on a person with more rights than their own (threat 49). */
export const mayManage = (own: Role, others: readonly Role[]): boolean => atLeast(own, highest(others))
