import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type ParsedLocation,
  redirect,
} from '@tanstack/react-router'
import { onSessionEnded, queryClient } from './calls.ts'
import { fetchSession, hasRole } from './session.ts'
import { ConsoleShell } from './shell/ConsoleShell.tsx'
import { OwnShell } from './shell/OwnShell.tsx'
import { BrokenPage, NotFoundPage, Root } from './shell/Root.tsx'
import { settleStepUp } from './step-up/step-up.ts'

const root = createRootRoute({ component: Root, notFoundComponent: NotFoundPage, errorComponent: BrokenPage })

/** Nobody passes without a session; a session that may only enrol, and a key that is due for renewal, go to the wizard. */
const needSession = async ({ location }: { location: ParsedLocation }) => {
  const session = await fetchSession()
  if (typeof session === 'string') {
    const why = session === 'session-binding' ? { why: session } : {}
    throw redirect({ to: '/sign-in', search: { ...returnTo(location.href), ...why } as never })
  }
  if (session.scope === 'recovery' || session.renewal) throw redirect({ to: '/enrol', search: returnTo(location.href) as never })
  return { session }
}
const returnTo = (href: string) => (href === '/' ? {} : { returnTo: href })

const start = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: async (context) => {
    const { session } = await needSession(context)
    throw redirect({ to: hasRole(session, 'auditor') ? '/events' : '/me' })
  },
})
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('./sign-in/SignInPage.tsx')),
})
const check = createRoute({
  getParentRoute: () => root,
  path: '/check',
  component: lazyRouteComponent(() => import('./check/CheckPage.tsx')),
})
const apps = createRoute({
  getParentRoute: () => root,
  path: '/apps',
  component: lazyRouteComponent(() => import('./enrol/AppsPage.tsx')),
})
const app = createRoute({
  getParentRoute: () => root,
  path: '/apps/$id',
  component: lazyRouteComponent(() => import('./enrol/AppPage.tsx')),
})
const enrol = createRoute({
  getParentRoute: () => root,
  path: '/enrol',
  component: lazyRouteComponent(() => import('./enrol/EnrolPage.tsx')),
})

const own = createRoute({ getParentRoute: () => root, id: 'own', beforeLoad: needSession, component: OwnShell })
const ownPages = [
  createRoute({
    getParentRoute: () => own,
    path: '/me',
    component: lazyRouteComponent(() => import('./account/AccountPage.tsx')),
  }),
  createRoute({
    getParentRoute: () => own,
    path: '/me/sessions',
    component: lazyRouteComponent(() => import('./account/MySessionsPage.tsx')),
  }),
]

const operators = createRoute({ getParentRoute: () => root, id: 'console', beforeLoad: needSession, component: ConsoleShell })
const page = <P extends string>(path: P, load: () => Promise<{ default: () => React.ReactNode }>) =>
  createRoute({ getParentRoute: () => operators, path, component: lazyRouteComponent(load) })
const operatorsPages = [
  page('/events', () => import('./events/EventsPage.tsx')),
  page('/events/$id', () => import('./events/EventPage.tsx')),
  page('/users', () => import('./users/UsersPage.tsx')),
  page('/users/new', () => import('./users/NewUserPage.tsx')),
  page('/users/import', () => import('./users/ImportPage.tsx')),
  page('/users/$id', () => import('./users/UserPage.tsx')),
  page('/codes', () => import('./codes/CodesPage.tsx')),
  page('/codes/new', () => import('./codes/NewCodePage.tsx')),
  page('/codes/import', () => import('./codes/ImportPage.tsx')),
  page('/codes/scans', () => import('./codes/AllScansPage.tsx')),
  page('/codes/historical', () => import('./historical/HistoricalPage.tsx')),
  page('/codes/$id', () => import('./codes/CodePage.tsx')),
  page('/bulk', () => import('./bulk/BulkPage.tsx')),
  page('/brands', () => import('./brands/BrandsPage.tsx')),
  page('/brands/$id', () => import('./brands/BrandPage.tsx')),
  page('/devices', () => import('./devices/DevicesPage.tsx')),
  page('/sessions', () => import('./sessions/SessionsPage.tsx')),
  page('/settings/authentication', () => import('./settings/AuthenticationSettingsPage.tsx')),
  page('/settings/devices', () => import('./settings/DeviceSettingsPage.tsx')),
  page('/settings/codes', () => import('./settings/CodeSettingsPage.tsx')),
  page('/settings/tokens', () => import('./settings/TokensPage.tsx')),
]

export const router = createRouter({
  routeTree: root.addChildren([
    start,
    signIn,
    check,
    apps,
    app,
    enrol,
    own.addChildren(ownPages),
    operators.addChildren(operatorsPages),
  ]),
  defaultPreload: 'intent',
  // Preloading a page must not ask for its data: nothing happens by looking.
  defaultPreloadStaleTime: 0,
  // Plain text in the address: `?outcome=denied&country=48`, never JSON.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const query = new URLSearchParams()
    for (const [key, value] of Object.entries(search)) if (value !== undefined && value !== '') query.set(key, String(value))
    return query.size > 0 ? `?${query}` : ''
  },
})

/** Several calls hear of the end at once: the first one says why. */
let leaving = false
onSessionEnded.leave = (why) => {
  const { pathname, href } = router.state.location
  if (leaving || pathname === '/sign-in' || pathname === '/enrol') return
  leaving = true
  settleStepUp(false)
  const said = why === 'session-binding' ? why : (onSessionEnded.expected ?? 'over')
  onSessionEnded.expected = undefined
  // What was read is forgotten once its pages are gone: taken from under them, they would break before they go.
  void router
    .navigate({ to: '/sign-in', search: { ...returnTo(href), why: said } as never })
    .then(() => queryClient.removeQueries({ type: 'inactive' }))
    .finally(() => {
      leaving = false
    })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
