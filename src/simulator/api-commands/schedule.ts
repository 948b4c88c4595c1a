import { asError } from '../../base/errors.ts'
import { delayMs } from '../applications/schedule.ts'
import type { ApiCommands } from './command.ts'

export const scheduleCommands: ApiCommands = {
  /** [+]time group command */
  sched_api: ({ exchange, argument }) => {
    const [, time = '', group = '', command = '', args = ''] =
      /^(\+?\d+) (\S+) (\S+) ?(.*)$/s.exec(argument) ?? []
    if (command === '') return '-ERR Invalid syntax. USAGE: [+@]<time> <group_name> <command_string>[&]\n'
    const task = exchange.tasks.add(delayMs(exchange, time), group, () => {
      exchange.api(command, args).catch((fault: unknown) => {
        exchange.logger.error({ command, fault: asError(fault).message }, 'a scheduled command failed')
      })
    })
    return `+OK Added: ${task.id}\n`
  },
  sched_del: ({ exchange, argument }) => `+OK Deleted: ${exchange.tasks.remove(argument.trim())}\n`,
}
