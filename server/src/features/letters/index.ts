export { codeLetter, recoveryLetter } from './letters.ts'
export type { Language } from './words.ts'
