// Whether a person has a second factor, as text for the statements that judge it: sign-in, sessions, settings, lists. One place,
// before all of them in the order of features.

/** A passcode key or a device, confirmed and not lost. */
export const hasSecondFactor = (userId: string): string =>
  `(exists (select from totp f where f.user_id = ${userId} and f.state = 'active') or exists (select from device f where f.user_id = ${userId} and f.state = 'active'))`

/** A device was lost, or a device or passcode key was taken away from them: who has nothing else is not new. */
export const lostFactor = (userId: string): string =>
  `(exists (select from device f where f.user_id = ${userId} and f.state <> 'active') or exists (select from totp f where f.user_id = ${userId} and f.revoked_at is not null))`

/** Recovery codes that are good. */
export const recoveryCodesLeft = (userId: string): string =>
  `(select count(*)::int from recovery_code c where c.user_id = ${userId} and c.used_at is null)`

/** An owner who can sign in with a second factor. */
export const anOwner = `exists (select from users o join user_role r on r.user_id = o.id and r.role = 'owner' where o.state = 'active' and ${hasSecondFactor('o.id')})`
