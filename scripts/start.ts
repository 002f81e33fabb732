import { main } from '../cli/src/main.ts'
import { buildWeb } from './build-web.ts'

buildWeb()
process.exitCode = await main(['serve', ...process.argv.slice(2)])
