import { useEffect, useState } from 'react'

export type Strength = 'weak' | 'fair' | 'good' | 'strong'

type Judge = (password: string, names: readonly string[]) => Strength
let loading: Promise<Judge> | undefined
/** The word lists are half a megabyte: they come when somebody begins to type a new password. */
const load = (): Promise<Judge> => {
  loading ??= Promise.all([import('@zxcvbn-ts/core'), import('@zxcvbn-ts/language-common')]).then(
    ([{ ZxcvbnFactory }, common]) => {
      const judge = new ZxcvbnFactory({ dictionary: common.dictionary, graphs: common.adjacencyGraphs })
      // Guesses by powers of ten: 15 characters that fall to fewer than 10^10 guesses are weak, whatever their length says.
      return (password, names) => {
        const { guessesLog10 } = judge.check(password.slice(0, 100), [...names])
        return guessesLog10 < 10 ? 'weak' : guessesLog10 < 13 ? 'fair' : guessesLog10 < 17 ? 'good' : 'strong'
      }
    },
  )
  return loading
}

/** How strong what is being typed is; undefined while the lists load, or where there is nothing to judge. */
export const useStrength = (password: string, names: readonly string[], longEnough: boolean): Strength | undefined => {
  const [strength, setStrength] = useState<Strength>()
  const joined = names.join(' ')
  useEffect(() => {
    let wanted = true
    setStrength(undefined)
    if (!longEnough) {
      if (password.length > 0) void load()
      return
    }
    load().then(
      (judge) => wanted && setStrength(judge(password, joined.split(' '))),
      // Without the lists the server still says what it refuses.
      () => {},
    )
    return () => {
      wanted = false
    }
  }, [password, joined, longEnough])
  return strength
}
