/** The embedded database cannot be used. `message` is one line for the terminal: what is wrong, and what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
}
