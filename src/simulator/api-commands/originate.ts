import { dial } from '../dial.ts'
import { separateString } from '../separate-string.ts'
import type { ApiCommands } from './command.ts'

const USAGE =
  '-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout_sec>]\n'

export const originateCommands: ApiCommands = {
  originate: async ({ exchange, argument }) => {
    const parts = separateString(argument, ' ', 10)
    if (parts.length < 2 || parts.length > 7) return USAGE
    const given = parts.map((part) => (part.toLowerCase() === 'undef' ? undefined : part))
    const [
      target = '',
      extension = '',
      dialplan = 'XML',
      context = 'default',
      callerIdName,
      callerIdNumber,
      timeout,
    ] = given
    const seconds = Number(timeout ?? '60')
    const result = await dial(exchange, {
      dialString: target,
      timeoutMs: (seconds > 0 ? seconds : 60) * 1000,
      ...(callerIdName === undefined ? {} : { callerIdName }),
      ...(callerIdNumber === undefined ? {} : { callerIdNumber }),
    })
    if (result.kind === 'failed') return `-ERR ${result.cause}\n`
    const { peer } = result
    if (extension.startsWith('&') && extension.length > 1) {
      // mod_commands.c cuts at the first closing bracket, wherever it stands.
      const [call = ''] = extension.slice(1).split(')')
      const bracket = call.indexOf('(')
      const application = bracket < 0 ? call : call.slice(0, bracket)
      const applicationArgument = bracket < 0 ? '' : call.slice(bracket + 1)
      peer.take({
        kind: 'actions',
        name: application,
        number: applicationArgument,
        actions: [{ application, argument: applicationArgument }],
      })
    } else {
      peer.take({ kind: 'dialplan', extension, dialplan, context })
    }
    return `+OK ${peer.uuid}\n`
  },
}
