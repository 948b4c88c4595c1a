/** The command line from its source, as scripts/strowger starts it from what was built. */
import { fileURLToPath } from 'node:url'
import { runCli } from '../../src/cli/main.ts'

const interrupt = new AbortController()
process.once('SIGINT', () => interrupt.abort())
process.exitCode = await runCli(process.argv.slice(2), {
  environment: process.env,
  workingDirectory: process.cwd(),
  packageDirectory: fileURLToPath(new URL('../..', import.meta.url)),
  out: (text) => process.stdout.write(text),
  outBytes: (bytes) => new Promise((resolve) => process.stdout.write(bytes, () => resolve())),
  err: (text) => process.stderr.write(text),
  readInput: async () => {
    let text = ''
    for await (const piece of process.stdin) text += String(piece)
    return text
  },
  interrupt: interrupt.signal,
})
