/** Where the token and the address of the engine come from. */
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { EngineAddress } from './engine.ts'
import { CliFault, EXIT } from './fault.ts'

type Environment = Readonly<Record<string, string | undefined>>

type Places = {
  readonly environment: Environment
  readonly workingDirectory: string
  readonly packageDirectory: string
}

export const addressOf = (
  options: { readonly url?: string | undefined; readonly token?: string | undefined },
  places: Places,
): EngineAddress => {
  const { environment } = places
  const url =
    options.url ??
    (environment['STROWGER_URL'] || `http://127.0.0.1:${environment['STROWGER_HTTP_PORT'] || '8080'}`)
  const given = options.token ?? environment['STROWGER_TOKEN']
  if (given !== undefined && given !== '') return { url, token: headerSafe(given), tokenHint: '' }
  const files = tokenFiles(places)
  for (const file of files) {
    const token = readToken(file)
    if (token !== undefined) return { url, token: headerSafe(token), tokenHint: file }
  }
  return { url, token: undefined, tokenHint: `there is no ${files[0] ?? 'admin-token'}` }
}

/** The data directory; without one named, `.strowger` here, in every folder above, and in the package's. */
const tokenFiles = ({ environment, workingDirectory, packageDirectory }: Places): readonly string[] => {
  const named = environment['STROWGER_DATA_DIR']
  if (named !== undefined && named !== '') return [join(resolve(workingDirectory, named), 'admin-token')]
  const folders: string[] = []
  for (let folder = resolve(workingDirectory); ; folder = dirname(folder)) {
    folders.push(folder)
    if (folder === dirname(folder)) break
  }
  return [...folders, packageDirectory].map((folder) => join(folder, '.strowger', 'admin-token'))
}

const readToken = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8').trim() || undefined
  } catch (fault) {
    const code = fault instanceof Error && 'code' in fault ? fault.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new CliFault(
      EXIT.failed,
      'TOKEN_UNREADABLE',
      `${file} cannot be read (${String(code)}): run this as the user of the engine, or set STROWGER_TOKEN`,
      fault,
    )
  }
}

const headerSafe = (token: string): string => {
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new CliFault(
    EXIT.badInput,
    'BAD_TOKEN',
    'the token has characters that no token has: it is the one line of the file admin-token',
  )
}
