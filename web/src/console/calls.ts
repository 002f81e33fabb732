import { type CallIn, type CallRefused, call, currentSession, type Endpoint, type Out } from '@postern/contract'
import {
  keepPreviousData,
  MutationCache,
  QueryCache,
  QueryClient,
  type UseMutationResult,
  type UseQueryResult,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { useRef } from 'react'
import { background, send } from '../api.ts'
import { goToRefused } from '../ui/keep-focus.ts'
import { problemIn } from '../ui/Refused.tsx'
import { lastInputAt } from './person.ts'
import { askStepUp, stepUpSettled } from './step-up/step-up.ts'

type Answer<E extends Endpoint> = { value: Out<E>; etag: string | undefined }
/** Where a session that ended is taken care of; the router sets it. `expected`: a page knows why it will end. */
export const onSessionEnded: { leave: (why: string) => void; expected: 'another-phone' | undefined } = {
  leave: () => {},
  expected: undefined,
}
const watch = (error: unknown, staysHere: unknown) => {
  const code = problemIn(error)?.code
  if (!staysHere && (code === 'no-session' || code === 'session-binding')) onSessionEnded.leave(code)
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: async (error, query) => {
      watch(error, query.meta?.staysHere)
      // Policy asks more of this session than it has proved: once it has, everything is read again.
      if (problemIn(error)?.code === 'step-up-required' && (await askStepUp())) await queryClient.invalidateQueries()
    },
  }),
  mutationCache: new MutationCache({
    onError: (error, _input, _context, mutation) => {
      watch(error, mutation.meta?.staysHere)
      goToRefused()
    },
  }),
  defaultOptions: {
    queries: {
      // A refusal stays one however often it is asked; only a server that gave no answer is asked again.
      retry: (count, error) => count < 2 && [0, 502, 504].includes(problemIn(error)?.status ?? -1),
      staleTime: 10_000,
    },
  },
})

const keyOf = (endpoint: Endpoint, input: unknown) => [endpoint.path, endpoint.method, input]

/** Fetches a read. It counts as caused by a person unless nobody has touched anything since the last answer. */
const fetchRead = async <E extends Endpoint>(endpoint: E, input: CallIn<E>, signal: AbortSignal): Promise<Answer<E>> => {
  // A proof replaces the session. What is read by itself meanwhile would be refused, and the page take its session for over.
  if (endpoint.path !== currentSession.path) await stepUpSettled()
  const answeredAt = queryClient.getQueryState(keyOf(endpoint, input))?.dataUpdatedAt ?? 0
  const nobody = answeredAt > 0 && lastInputAt() < answeredAt
  const { value, etag } = await call(send, endpoint, input, { signal, ...(nobody ? { headers: background } : {}) })
  return { value: (value ?? null) as Out<E>, etag }
}

export const readQuery = <E extends Endpoint>(endpoint: E, input: CallIn<E>) => ({
  queryKey: keyOf(endpoint, input),
  queryFn: ({ signal }: { signal: AbortSignal }) => fetchRead(endpoint, input, signal),
})

type ReadOptions<E extends Endpoint> = {
  enabled?: boolean
  /** Asks again by itself; as a function, by what was answered last, until it says false. */
  everyMs?: number | ((last: Out<E> | undefined) => number | false)
  staysHere?: boolean
}
/** A typed read: `data` is the answer's body, `etag` goes into the `ifMatch` of what changes it. */
export const useCall = <E extends Endpoint>(
  endpoint: E,
  input: CallIn<E>,
  { enabled = true, everyMs, staysHere = false }: ReadOptions<E> = {},
): UseQueryResult<Out<E>, CallRefused> & { etag: string | undefined } => {
  const query = useQuery({
    ...readQuery(endpoint, input),
    enabled,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }: { state: { data: Answer<E> | undefined } }) =>
      typeof everyMs === 'function' ? everyMs(state.data?.value) : (everyMs ?? false),
    meta: { staysHere },
  })
  return { ...query, data: query.data?.value, etag: query.data?.etag } as never
}

type Page<E extends Endpoint> = Out<E> extends { items: (infer T)[] } ? T : never
/** A paged list, for `DataTable`: rows so far, and how to get more. The last rows stay while another filter loads. */
export const useList = <E extends Endpoint>(endpoint: E, input: CallIn<E>, { everyMs }: { everyMs?: number } = {}) => {
  const query = useInfiniteQuery({
    queryKey: [...keyOf(endpoint, input), 'list'],
    queryFn: ({ pageParam, signal }) =>
      fetchRead(endpoint, { ...input, ...(pageParam ? { cursor: pageParam } : {}) } as CallIn<E>, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.value as { nextCursor: string | null }).nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    ...(everyMs ? { refetchInterval: everyMs } : {}),
  })
  return {
    rows: query.data?.pages.flatMap((one) => (one.value as { items: Page<E>[] }).items),
    pending: query.isPending,
    stale: query.isPlaceholderData,
    error: query.error,
    onRetry: () => void query.refetch(),
    more: { has: query.hasNextPage, busy: query.isFetchingNextPage, load: () => void query.fetchNextPage() },
  }
}

type ActionOptions<E extends Endpoint> = {
  /** Reads that this changes: they are asked again. */
  refreshes?: Endpoint | readonly Endpoint[]
  /** The `etag` of what was read, where the endpoint wants it. */
  ifMatch?: string | undefined
  onDone?: (value: Out<E>, input: CallIn<E>) => void
  /** The page itself says that there is no session. */
  staysHere?: boolean
}
/**
 * A typed change. Where fresh authentication is missing, the step-up dialogue opens over the page and this very call is made
 * again. A create that got no answer is repeated under the same key, so that it never happens twice.
 */
export const useAction = <E extends Endpoint>(
  endpoint: E,
  { refreshes, ifMatch, onDone, staysHere = false }: ActionOptions<E> = {},
): UseMutationResult<Out<E>, CallRefused, CallIn<E>> => {
  const client = useQueryClient()
  const unanswered = useRef<{ input: string; key: string } | undefined>(undefined)
  return useMutation<Out<E>, CallRefused, CallIn<E>>({
    mutationFn: async (input) => {
      const headers: Record<string, string> = {}
      if (endpoint.ifMatch && ifMatch) headers['if-match'] = ifMatch
      if (endpoint.idempotent) {
        const written = JSON.stringify(input)
        if (unanswered.current?.input !== written) unanswered.current = { input: written, key: crypto.randomUUID() }
        headers['idempotency-key'] = unanswered.current.key
      }
      const once = async () => (await call(send, endpoint, input, { headers })).value
      try {
        const value = await once().catch(async (error: unknown) => {
          if (problemIn(error)?.code !== 'step-up-required' || !(await askStepUp())) throw error
          return once()
        })
        unanswered.current = undefined
        return value
      } catch (error) {
        if (problemIn(error)?.status !== 0) unanswered.current = undefined
        throw error
      }
    },
    onSuccess: async (value, input) => {
      const paths = ([] as Endpoint[]).concat(refreshes ?? []).map(({ path }) => path)
      if (paths.length > 0)
        await client.invalidateQueries({ predicate: ({ queryKey }) => paths.includes(queryKey[0] as `/api/${string}`) })
      onDone?.(value, input)
    },
    meta: { staysHere },
  })
}
