import type { ContrastRow, Proof } from '@postern/contract'

type Problem = { path: string; message: string }

/** The field whose change helps first, by the advice of a proof. */
const fieldOf: Record<Proof['advice'][number], { path: string; words: string }> = {
  'smaller-logo': { path: 'design.logo.widthPercent', words: 'make the logo smaller' },
  'touching-modules': { path: 'design.modules', words: 'use modules that touch, rounded or square' },
  'square-eyes': { path: 'design.eyeFrames', words: 'use square eyes' },
  'darker-ink': { path: 'design.colours.modules', words: 'use a darker ink' },
  'shorter-text': { path: 'design', words: 'the address of this server is long: a shorter one makes larger modules' },
  'print-larger': { path: 'design', words: 'print it larger' },
}
const names: Record<ContrastRow['pair'], string> = {
  modules: 'modules on the ground',
  eyes: 'eyes on the ground',
  words: 'words on the frame',
}

/** Why a design may not be saved, one entry a field: what was measured, and what would pass. Empty: it may. */
export const whyNotSaved = ({ contrast, rows, advice }: Pick<Proof, 'contrast' | 'rows' | 'advice'>): Problem[] => {
  const problems = contrast
    .filter(({ passes }) => !passes)
    // words on the frame are ground on eyes: where the eyes fail, theirs is the same field
    .filter(({ pair }) => pair !== 'words' || contrast.every((row) => row.pair !== 'eyes' || row.passes))
    .map(({ pair, ratio, inverted, nearest }): Problem => {
      const pass = Object.entries(nearest ?? {}).map(([part, colour]) => `${part} ${colour}`)
      return {
        path: `design.colours.${pair === 'modules' ? 'modules' : 'eyes'}`,
        message: `${names[pair]}: ${ratio} : 1${inverted ? ', and lighter than the ground' : ''}; at least 4.5 : 1, dark on light, is needed. The nearest that passes: ${pass.join(' with ')}`,
      }
    })
  if (problems.length > 0) return problems
  const failed = rows.filter(({ zxing, qr }) => zxing !== 'read' || qr !== 'read')
  if (failed.length === 0) return []
  const reader = failed.some(({ zxing }) => zxing !== 'read') ? 'zxing' : 'qr'
  const helps = advice.map((each) => fieldOf[each])
  return [
    {
      path: helps[0]?.path ?? 'design',
      message: `${reader} does not read it when it is ${failed.map(({ condition }) => condition).join(', ')}${helps.length > 0 ? `: ${helps.map(({ words }) => words).join(', or ')}` : ''}`,
    },
  ]
}
