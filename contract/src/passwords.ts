export const leastPassword = 15
export const mostPassword = 256

/**
 * How long a password is: its code points (NIST SP 800-63B-4 §3.1.1.2), as typed or as it is hashed (NFKC), whichever are fewer.
 * So neither a letter and its accent, nor one sign that unfolds to many, count for more than one.
 */
export const passwordLength = (password: string): number => Math.min([...password].length, [...password.normalize('NFKC')].length)
