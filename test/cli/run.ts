/** Runs the command line as a child process. */
import { spawn, type ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

const ENTRY = fileURLToPath(new URL('./strowger.ts', import.meta.url))
export const SCRIPT = fileURLToPath(new URL('../../scripts/strowger', import.meta.url))
const TSX = import.meta.resolve('tsx')

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string }

export const run = (
  args: readonly string[],
  options: {
    env?: Record<string, string>
    cwd?: string
    input?: string
    entry?: readonly string[]
    started?: (child: ChildProcess) => void
  } = {},
): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...(options.entry ?? [`--import=${TSX}`, ENTRY]), ...args], {
      cwd: options.cwd ?? tmpdir(),
      env: { PATH: process.env['PATH'], TZ: 'UTC', ...options.env },
    })
    let out = ''
    let err = ''
    child.stdout.on('data', (piece: Buffer) => (out += piece.toString()))
    child.stderr.on('data', (piece: Buffer) => (err += piece.toString()))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
    child.stdin.end(options.input ?? '')
    options.started?.(child)
  })
