/** A key in groups of four, as people read and type it. */
export const inFours = (key: string): string => key.replace(/(.{4})(?=.)/g, '$1 ')
/** What a person typed or pasted as a passcode: digits only, at most eight. */
export const passcodeDigits = (typed: string): string => typed.replace(/\D/g, '').slice(0, 8)
/** A name for the key's algorithm as apps write it. */
export const algorithmName = (algorithm: string): string => algorithm.replace(/^SHA/, 'SHA-')
