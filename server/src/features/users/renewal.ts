// Whether a TOTP key is due for renewal, as text for the statements that judge it: sign-in, sessions, lists. One place,
// before all of them in the order of features.

/** The instant from which the wizard shows a fresh key (R6 by age, R9 by re-enrolment, whichever is first); null: never. */
export const renewBy = (totp: string, settings: string): string =>
  `least(${totp}.renew_from, ${totp}.confirmed_at + ${settings}.totp_renewal_days * interval '1 day')`
/** Due by the database's clock. While enrolment is off nobody could renew, so nobody is asked to (R5). */
export const renewalDue = (totp: string, settings: string): string =>
  `coalesce(${settings}.enrolment and ${renewBy(totp, settings)} <= now(), false)`
