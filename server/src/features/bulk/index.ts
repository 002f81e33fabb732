export { bulkRoutes } from './bulk-routes.ts'
export { tidyBulk } from './bulk-store.ts'
export { BulkWorker } from './bulk-worker.ts'
