export { historicalRoutes } from './historical-routes.ts'
