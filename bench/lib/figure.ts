import type { Cluster } from './cluster.ts'
import type { Generator } from './load.ts'

export type Bench = { cluster: Cluster; generator: Generator }
/** A line of the table. */
export type Row = { figure: string; ours: string; reference: string; ratio: string; goal: string; met: boolean }
export type Figure = (bench: Bench) => Promise<Row[]>

export const rounds = 3
/** Rounds before them that count for nothing, the same for all sides: a server is measured as it is after its first minute, compiled. */
export const warming = 8
export const perSecond = (rate: number): string => `${Math.round(rate).toLocaleString('en')}/s`
export const milliseconds = (ms: number): string => `${ms < 1 ? ms.toFixed(3) : ms.toFixed(2)} ms`
export const atLeast = (
  figure: string,
  ours: number,
  reference: number,
  goal: number,
  show: (n: number) => string = perSecond,
): Row => {
  const ratio = ours / reference
  return {
    figure,
    ours: show(ours),
    reference: show(reference),
    ratio: `${ratio.toFixed(2)} x`,
    goal: `>= ${goal} x`,
    met: ratio >= goal,
  }
}
