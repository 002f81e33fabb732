import type { ReadRequest } from './found-code.ts'
import { readFile } from './read-file.ts'

// The process that reads: one file at a time, as asked, and no word that it was not asked for.
process.on('message', (request: ReadRequest) => {
  void readFile(request).then((read) => process.send?.(read))
})
process.on('disconnect', () => process.exit())
