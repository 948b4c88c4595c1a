/** Where a FreeSWITCH is: FREESWITCH_BIN, then PATH, then the usual prefixes; undefined where there is none. */
import { execFileSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { asError } from '../../src/base/errors.ts'

export type Binaries = {
  readonly freeswitch: string
  /** As `freeswitch -version` says it. */
  readonly version: string
  readonly sipp: string
}

const PREFIXES = ['/usr/bin', '/usr/local/freeswitch/bin', '/opt/freeswitch/bin']

/** What the live tests need, or the one line that says why they do not run. */
export const findBinaries = (environment: NodeJS.ProcessEnv): Binaries | string => {
  const path = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const given = environment['FREESWITCH_BIN']
  const candidates =
    given !== undefined && given !== ''
      ? [given]
      : [...path, ...PREFIXES].map((folder) => join(folder, 'freeswitch'))
  const freeswitch = candidates.find(isProgram)
  if (freeswitch === undefined)
    return 'live tests: not run (there is no freeswitch; FREESWITCH_BIN can name one)'
  const sipp = path.map((folder) => join(folder, 'sipp')).find(isProgram)
  if (sipp === undefined) return 'live tests: not run (there is no sipp in PATH)'
  const version = execFileSync(freeswitch, ['-version'], { encoding: 'utf8' }).trim()
  return { freeswitch, version, sipp }
}

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch (fault) {
    // Not there, or not ours to run: the next candidate.
    return asError(fault).message === ''
  }
}
