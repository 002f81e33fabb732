import { type TestContext, test } from 'node:test'

type Journey = (synced: boolean) => Promise<void>
const kinds = [false, true]
const kindOf = (synced: boolean): string => (synced ? 'synced' : 'held in its device')
/**
 * A journey with either kind of passkey, held in its device and synced (BE=0, BE=1): beside each other, for both mostly wait.
 * `around`: what the whole deployment is set to while both are under way.
 */
export const withEitherKind = (
  name: string,
  journey: Journey,
  around: (both: () => Promise<void>) => Promise<void> = (both) => both(),
): void => {
  void test(name, { concurrency: 2 }, (t) =>
    around(async () => {
      await Promise.all(kinds.map((synced) => t.test(kindOf(synced), () => journey(synced))))
    }),
  )
}
/**
 * The same with one kind after the other: for a journey that changes on its way what the whole deployment is set to, or that
 * must not meet the other kind's.
 */
export const eitherKindInTurn =
  (journey: Journey) =>
  async (t: TestContext): Promise<void> => {
    for (const synced of kinds) await t.test(kindOf(synced), () => journey(synced))
  }
/** The name of a person who has a passkey of that kind: both kinds of a journey have people of their own. */
export const ofKind = (name: string, synced: boolean): string => (synced ? `${name}-synced` : name)
