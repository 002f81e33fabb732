export { MePage } from './MePage.tsx'
export { ScanPage } from './ScanPage.tsx'
