import { type Role, roles } from '@postern/contract'

const rank = (role: Role): number => roles.indexOf(role)
/** The highest of a person's roles; `user` where there is none. */
export const highest = (held: readonly Role[]): Role => roles.findLast((role) => held.includes(role)) ?? 'user'
export const atLeast = (held: Role, asked: Role): boolean => rank(held) >= rank(asked)
/** Nobody acts on a person with more rights than their own (threat 49). */
export const mayManage = (own: Role, others: readonly Role[]): boolean => atLeast(own, highest(others))

/** The roles that somebody of this one may not act on. */
export const rolesAbove = (own: Role): Role[] => roles.filter((role) => rank(role) > rank(own))

/**
 * A regular expression of PostgreSQL that finds a text in any case, also where the database's own locale folds ASCII only.
 * Both cases of each letter are spelled out; everything else stands for itself.
 */
export const anyCase = (text: string): string =>
  [...text.normalize('NFC')]
    .map((sign) => {
      const cases = new Set([sign, sign.toLowerCase(), sign.toUpperCase()].filter((each) => [...each].length === 1))
      return `[${[...cases].map((each) => (/[\]\\^-]/.test(each) ? `\\${each}` : each)).join('')}]`
    })
    .join('')
