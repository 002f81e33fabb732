export { modules, symbolSvg, symbolText } from './symbol.ts'
