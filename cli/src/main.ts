import { serve } from './serve.ts'

/** The only reader of process.env. */
export const main = async (argv: string[]): Promise<number> => {
  const [command, ...rest] = argv
  if (command === 'serve') return serve(rest, process.env)
  process.stderr.write('postern: no such command\n')
  return 2
}
