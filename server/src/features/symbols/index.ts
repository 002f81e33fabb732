export { symbolSvg, symbolText } from './symbol.ts'
