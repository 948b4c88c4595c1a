/** How far the journal was drained, as it stands on the disk. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { swapFile } from './disk.ts'

/** Everything in segments below `segment` and below `offset` in it was taken. */
export type Position = { readonly segment: number; readonly offset: number }

const START: Position = { segment: 0, offset: 0 }

const positionPath = (directory: string): string => join(directory, 'drained.json')

/** Not synced: a position that is lost with the power delivers again what was taken, and the store keys on the leg. */
export const writePosition = (directory: string, position: Position): Promise<void> =>
  swapFile(positionPath(directory), `${JSON.stringify(position)}\n`)

/** The position, or the beginning where none is readable: then what waits is delivered again, never lost. */
export const readPosition = async (directory: string, logger: Logger): Promise<Position> => {
  let text: string
  try {
    text = await readFile(positionPath(directory), 'utf8')
  } catch (fault) {
    if (codeOf(fault) === 'ENOENT') return START
    throw fault
  }
  const position = parsePosition(text)
  if (position === undefined)
    logger.error(
      { directory },
      'drained.json of the spool is unreadable: all that it holds is delivered again',
    )
  return position ?? START
}

const parsePosition = (text: string): Position | undefined => {
  const match = /^\{"segment":(\d{1,15}),"offset":(\d{1,15})\}\s*$/.exec(text)
  return match === null ? undefined : { segment: Number(match[1]), offset: Number(match[2]) }
}
