/** What is asked of call records, as options: the same for a list and for a file. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { DIRECTIONS, DISPOSITIONS, NUMBER_MATCHES } from '../cdr/query.ts'
import { momentText, recordId, uuidText, wholeNumber } from './context.ts'

/** By the names that the API has for them. */
export type SearchOptions = Readonly<Record<string, string | number | boolean | undefined>>

export const withSearch = (command: Command): Command => {
  const moment = momentText(() => Date.now())
  return command
    .option('--since <when>', 'how long ago (30m, 24h, 7d), or a moment', moment)
    .option('--until <when>', 'the same', moment)
    .option('--number <digits>', 'only calls from or to a number that contains these digits')
    .option('--caller <digits>', 'likewise, of the caller')
    .option('--callee <digits>', 'likewise, of the callee or as it was dialled')
    .addOption(new Option('--match <how>', 'how the numbers match').choices(NUMBER_MATCHES))
    .option('--user <id>', 'only of a user who called or was called', recordId)
    .option('--call <callId>', 'only one call', uuidText)
    .option('--organization <id>', 'only an organisation', recordId)
    .addOption(new Option('--direction <way>', 'only these').choices(DIRECTIONS))
    .addOption(new Option('--disposition <verdict>', 'only these').choices(DISPOSITIONS))
    .option('--cause <cause>', 'only with this hangup cause, such as USER_BUSY', causeText)
    .option('--gateway <id>', 'only calls that came by a gateway or tried it', recordId)
    .option('--carrier <id>', 'likewise, of a carrier', recordId)
    .option('--min-seconds <seconds>', 'only answered for at least so long', wholeNumber(0, 2_147_483_647))
    .option('--estimated', 'only those that the engine wrote because the switch sent none')
    .option('--recorded', 'only those with a recording that can be heard')
    .option('--crm-record <id>', "only for this record of the caller's CRM")
    .option('--legs', 'every leg for itself')
}

const causeText = (text: string): string => {
  const upper = text.toUpperCase()
  if (/^[A-Z0-9_]{1,64}$/.test(upper)) return upper
  throw new InvalidArgumentError('It takes a hangup cause of FreeSWITCH, such as USER_BUSY.')
}
