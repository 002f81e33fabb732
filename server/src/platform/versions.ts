import { Refusal } from './refusal.ts'

// Two people who edit the same thing (RFC 9110 §13.1.1): an answer names its version by an ETag, a change brings that back as
// If-Match, and the statement that changes the row asks for that version.

/** A value as an answer with its ETag: `"7"` for version 7. */
export const tagged = <T extends { version: number }>(value: T): { value: T; etag: string } => ({
  value,
  etag: `"${value.version}"`,
})
/** The version that If-Match names. A weak tag is one too: proxies that compress make strong ones weak. */
export const versionOf = (ifMatch: string | undefined): number => {
  if (ifMatch === undefined)
    throw new Refusal('if-match-missing', 'no If-Match', { detail: 'Send If-Match with the ETag of what you read.' })
  const [, version] = /^(?:W\/)?"(\d{1,9})"$/.exec(ifMatch) ?? []
  if (version === undefined)
    throw new Refusal('precondition-failed', 'no ETag of ours', {
      detail: 'If-Match takes the one ETag of what you read, as it came: not *, and no list.',
    })
  return Number(version)
}
/** The row has another version by now: `what` as a sentence names it. */
export const changedMeanwhile = (what: string, it = 'it'): Refusal =>
  new Refusal('precondition-failed', 'changed meanwhile', {
    detail: `Somebody changed ${what} meanwhile. Read ${it} again, then save.`,
  })
