export { EmbeddedPostgresError } from './error.ts'
export { type Connection, type EmbeddedPostgres, findRunningEmbeddedPostgres, startEmbeddedPostgres } from './start.ts'
