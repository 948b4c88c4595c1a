/** Where the switch leaves recordings while calls live, and where it finds the sounds that are uploaded. */
import { join } from 'node:path'
import type { Reader } from './reader.ts'

export type RecordingConfig = {
  /** As this engine sees it; absolute. */
  readonly folder: string
  /** The same as the switch sees it; undefined: its name cannot stand in a dialplan, and nothing is recorded. */
  readonly switchFolder: string | undefined
  readonly soundFolder: string
  readonly switchSoundFolder: string | undefined
}

/** A path stands in dialplan actions, commands and dial strings, which read blanks, quotes, commas and braces. */
const PLAIN = /^[A-Za-z]?[\w./:@+-]+$/

export const readRecording = ({ optional, path, problem }: Reader, dataDir: string): RecordingConfig => {
  const told = (name: string, own: string, isSet: boolean): string | undefined => {
    const text = optional(name) ?? own
    if (PLAIN.test(text)) return text.replace(/\/+$/, '')
    if (isSet || optional(name) !== undefined)
      problem(`${name} is "${text}": it takes a path of letters, digits, / . _ - : @ and +`)
    return undefined
  }
  const folder = path('RECORDING_DIR') ?? join(dataDir, 'recordings')
  const soundFolder = path('STROWGER_SOUND_DIR') ?? join(dataDir, 'sounds')
  return {
    folder,
    switchFolder: told('FREESWITCH_RECORDING_DIR', folder, optional('RECORDING_DIR') !== undefined),
    soundFolder,
    switchSoundFolder: told(
      'FREESWITCH_SOUND_DIR',
      soundFolder,
      optional('STROWGER_SOUND_DIR') !== undefined,
    ),
  }
}
