import { type ChildProcess, fork } from 'node:child_process'
import type { FileRead, ReadRequest } from './found-code.ts'

/** Seconds that one file may take. */
const mostSeconds = 90

/**
 * Reads files in a process of its own: they come from strangers, and one that hangs a decoder or brings it down costs
 * itself alone. The process has none of our environment, so neither token nor settings.
 */
export class Reader {
  #child: ChildProcess | undefined

  #started(): ChildProcess {
    this.#child ??= fork(new URL('./reader-main.ts', import.meta.url), [], {
      env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8' },
      execArgv: ['--disable-warning=ExperimentalWarning', '--max-old-space-size=1024'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    return this.#child
  }
  read(request: ReadRequest): Promise<FileRead> {
    const child = this.#started()
    return new Promise((resolve) => {
      const done = (read: FileRead, over: boolean): void => {
        clearTimeout(timer)
        child.removeAllListeners()
        if (over) {
          this.#child = undefined
          child.on('error', () => undefined)
          child.kill('SIGKILL')
        }
        resolve(read)
      }
      const timer = setTimeout(() => done({ is: 'failed', why: `took longer than ${mostSeconds} s` }, true), mostSeconds * 1_000)
      child.once('message', (read: FileRead) => done(read, false))
      child.once('error', () => done({ is: 'failed', why: 'the process that reads could not be started' }, true))
      child.once('exit', () => done({ is: 'failed', why: 'brought down the process that read it' }, true))
      child.send(request, (error) => {
        if (error) done({ is: 'failed', why: 'the process that reads is gone' }, true)
      })
    })
  }
  close(): void {
    this.#child?.removeAllListeners()
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }
}
