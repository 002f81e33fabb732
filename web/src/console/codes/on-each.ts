import type { CallIn, Code, Endpoint, Out } from '@postern/contract'
import { useRef, useState } from 'react'
import { queryClient, useAction } from '../calls.ts'

export type Failed = { code: Code; error: unknown }
export type Run<V> = { total: number; done: { code: Code; value: V }[]; failed: Failed[]; state: 'running' | 'stopping' | 'over' }

/**
 * One act on each of some codes, one after the other: what was refused is kept with its reason and stops nothing. `stop` ends
 * it after the code in hand. Nothing of it goes on when the page is left.
 */
export const useOnEach = <E extends Endpoint>(endpoint: E, refreshes: readonly Endpoint[]) => {
  const { mutateAsync } = useAction(endpoint)
  const [run, setRun] = useState<Run<Out<E>>>()
  const stopping = useRef(false)
  const start = async (codes: readonly Code[], inputOf: (code: Code) => CallIn<E>) => {
    stopping.current = false
    let now: Run<Out<E>> = { total: codes.length, done: [], failed: [], state: 'running' }
    const tell = (next: Partial<Run<Out<E>>>) => {
      now = { ...now, ...next }
      setRun(now)
    }
    tell({})
    for (const code of codes) {
      if (stopping.current) break
      try {
        const value = await mutateAsync(inputOf(code))
        tell({ done: [...now.done, { code, value }] })
      } catch (error) {
        tell({ failed: [...now.failed, { code, error }] })
      }
    }
    const paths = refreshes.map(({ path }) => path)
    await queryClient.invalidateQueries({ predicate: ({ queryKey }) => paths.includes(queryKey[0] as `/api/${string}`) })
    tell({ state: 'over' })
  }
  const stop = () => {
    stopping.current = true
    setRun((before) => before && { ...before, state: 'stopping' })
  }
  return { run, start, stop }
}
