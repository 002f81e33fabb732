export { clearGuesses, compareGuess, limited, reserveGuess } from './limits.ts'
export { openSession, Passcodes, requireClock, type SignInDeps, toSignIn } from './sign-in.ts'
export { signInRoutes } from './sign-in-routes.ts'
export { findSignIn, type SignInRow } from './sign-in-store.ts'
