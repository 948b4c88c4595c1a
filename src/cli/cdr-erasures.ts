/** `strowger cdrs erase`: a number is taken out of what is kept of its calls; `erasures`: who had that done. */
import { InvalidArgumentError, type Command } from 'commander'
import { perform, recordId, type Terminal } from './context.ts'
import { EXIT } from './fault.ts'
import { dayTime, table } from './format.ts'
import { childOf, listOf, textOf, timeOf, type Json } from './json.ts'

export const addCdrErasures = (
  cdrs: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const erase = cdrs
    .command('erase')
    .argument('<number>', 'in E.164 form, such as +442079460123', e164Text)
    .description('take a number, and the names beside it, out of all that is kept of its calls')
    .requiredOption('--reason <text>', 'why; the audit keeps it')
    .option('--mask', 'leave the leading digits, so that what is counted by destination stays countable')
    .option('--recordings', 'delete the recordings of its calls, too')
    .option('--organization <id>', 'only in the calls of an organisation', recordId)
    .option('--dry-run', 'count what there is, and change nothing')
    .addHelpText('after', HELP)
  perform(erase, terminal, ended, async (context, [number = '']) => {
    const { reason, mask, recordings, organization, dryRun } = erase.opts<EraseOptions>()
    const answer = await context.engine.send('POST', '/v1/cdrs/erasures', {
      number,
      reason,
      mode: mask === true ? 'mask' : 'erase',
      recordings: recordings === true,
      dryRun: dryRun === true,
      ...(organization === undefined ? {} : { organizationId: organization }),
    })
    context.tell(answer)
    const erasure = childOf(answer, 'erasure') ?? {}
    const counts = childOf(erasure, 'counts') ?? {}
    const held = Number(textOf(counts, 'held') || 0)
    context.say(
      `${dryRun === true ? 'would be changed' : `erasure ${textOf(erasure, 'id')} is done; changed`}: ${countsText(counts)}`,
      ...(held > 0 ? [`${held} calls have a recording under legal hold and stay as they are`] : []),
    )
    return EXIT.ok
  })

  const list = cdrs
    .command('erasures')
    .description('who had numbers erased, newest first; with a number, whether and when that one was')
    .option('--number <number>', 'in E.164 form', e164Text)
    .option('--organization <id>', 'only of an organisation', recordId)
  perform(list, terminal, ended, async (context) => {
    const answer = await context.engine.get(
      '/v1/cdrs/erasures',
      list.opts<Record<string, string | number | undefined>>(),
    )
    context.tell(answer)
    const rows = listOf(answer, 'erasures').map((erasure) => [
      textOf(erasure, 'id'),
      dayTime(timeOf(erasure, 'begunAt') ?? 0),
      textOf(erasure, 'who'),
      textOf(erasure, 'mode'),
      timeOf(erasure, 'finishedAt') === undefined ? 'not finished' : 'done',
      countsText(childOf(erasure, 'counts') ?? {}),
      textOf(erasure, 'reason'),
    ])
    context.say(
      ...(rows.length === 0
        ? ['no erasures']
        : table(['ID', 'BEGUN', 'WHO', 'MODE', 'STATE', 'CHANGED', 'REASON'], rows)),
    )
    return EXIT.ok
  })
}

type EraseOptions = {
  readonly reason: string
  readonly mask?: boolean
  readonly recordings?: boolean
  readonly organization?: number
  readonly dryRun?: boolean
}

/** `12 calls, 24 records, 12 attempts` */
const countsText = (counts: Json): string => {
  const told = Object.keys(counts)
    .filter((what) => what !== 'held' && textOf(counts, what) !== '0')
    .map((what) => `${textOf(counts, what)} ${WORDS[what] ?? what}`)
  return told.length === 0 ? 'nothing' : told.join(', ')
}

const WORDS: Readonly<Record<string, string>> = {
  fraudAlerts: 'fraud alerts',
  recordings: "recordings' facts",
  recordingsDeleted: 'recordings deleted',
}

const e164Text = (text: string): string => {
  if (/^[+][1-9][0-9]{5,14}$/.test(text)) return text
  throw new InvalidArgumentError('It takes a number in E.164 form, such as +442079460123.')
}

const HELP = `
Examples:
  strowger cdrs erase +442079460123 --reason "request 4711" --dry-run
  strowger cdrs erase +442079460123 --reason "request 4711" --recordings
  strowger cdrs erase +442079460123 --reason "kept for statistics only" --mask

Durations, causes and money stay. A call whose recording is under legal hold stays as it is. Calls that end from now on
are recorded as ever. The audit keeps who, when and why, and of the number a keyed hash.
`
