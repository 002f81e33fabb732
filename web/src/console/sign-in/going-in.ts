import { useRouter } from '@tanstack/react-router'
import { queryClient } from '../calls.ts'
import { forgetSignIn } from './sign-in-flow.ts'

/** Where `/` leads to, by one's roles. */
const starts = ['/events', '/me']

/** From a complete sign-in to where the person was going. */
export const useGoingIn = () => {
  const router = useRouter()
  /** The console’s pages at an address, of those that ask for the session as they open. None: it is another part’s of the server. */
  const pagesAt = (to: string) => {
    const [routes, rest, found] = router.getMatchedRoutes(new URL(to, location.origin).pathname)
    return found && !('**' in rest) && routes.some(({ options }) => options.beforeLoad) ? routes : []
  }
  return {
    /**
     * While a person is still busy with the phone: fetches the scripts of the page, and asks nothing. A connection lost after
     * that costs no script, which Chromium would fail to load again until the whole page is loaded.
     */
    prepare: (to: string) => {
      for (const page of [to, ...(to === '/' ? starts : [])].flatMap(pagesAt)) router.loadRouteChunk(page)?.catch(() => {})
    },
    /** In this page, at once; by a whole load where a secret was typed in it, so that nothing of that stays in memory. */
    goIn: (to: string, typed: boolean) => {
      forgetSignIn()
      if (typed || pagesAt(to).length === 0) return location.assign(to)
      // whoever was signed in here before: nothing of theirs is shown
      queryClient.removeQueries({ type: 'inactive' })
      void router.navigate({ href: to })
    },
  }
}
