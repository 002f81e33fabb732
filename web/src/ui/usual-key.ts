type Kind = { algorithm: string; digits: number; periodSeconds: number }

/** Whether a key is of the kind that every authenticator app follows: many read others without a word, and show passcodes of this one. */
export const isUsualKey = ({ algorithm, digits, periodSeconds }: Kind): boolean =>
  algorithm === 'SHA1' && digits === 6 && periodSeconds === 30
