export { analyticsRoutes } from './analytics-routes.ts'
export { tidyScans } from './retention.ts'
export { RollupLoop } from './rollup-loop.ts'
