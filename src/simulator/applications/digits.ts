import type { Channel } from '../channel.ts'
import type { Exchange } from '../exchange.ts'
import { linger } from '../linger.ts'
import { separateString } from '../separate-string.ts'
import type { Applications } from './application.ts'
import { play } from './playback.ts'

type Wanted = {
  readonly min: number
  readonly max: number
  readonly timeoutMs: number
  readonly digitTimeoutMs: number
  readonly terminators: string
  readonly file: string
}

/** Plays, then collects: the digits without the terminator, and the terminator. */
const collect = async (
  exchange: Exchange,
  channel: Channel,
  wanted: Wanted,
): Promise<{ readonly digits: string; readonly terminator: string | undefined }> => {
  if (wanted.file !== '' && wanted.file !== 'silence') {
    await play(exchange, channel, wanted.file, () => channel.digits.length > 0)
  }
  let digits = ''
  for (;;) {
    if (digits.length >= wanted.max || !channel.ready()) return { digits, terminator: undefined }
    const patience = digits === '' ? wanted.timeoutMs : wanted.digitTimeoutMs
    const end = await linger(exchange, channel, () => channel.digits.length > 0, patience)
    if (end !== 'done') return { digits, terminator: undefined }
    const digit = channel.digits.shift() ?? ''
    if (wanted.terminators.includes(digit)) return { digits, terminator: digit }
    digits += digit
  }
}

export const digitApplications: Applications = {
  /** min max tries timeout terminators file invalid_file [variable [regexp [digit_timeout [failure_extension]]]] */
  play_and_get_digits: {
    needsMedia: true,
    run: async ({ exchange, channel, argument }) => {
      const [
        min = '0',
        max = '128',
        tries = '1',
        timeout = '5000',
        terminators = '#',
        file = '',
        invalid = '',
        variable = '',
        pattern = '',
        digitTimeout = timeout,
        failure,
      ] = separateString(argument, ' ', 13)
      const wanted: Wanted = {
        min: Number(min),
        max: Number(max),
        timeoutMs: Number(timeout),
        digitTimeoutMs: Number(digitTimeout) || Number(timeout),
        terminators: terminators === 'none' ? '' : terminators,
        file,
      }
      if (variable !== '') channel.set(variable, undefined)
      channel.set('read_terminator_used', undefined)
      for (let attempt = 0; attempt < Number(tries) && channel.ready(); attempt++) {
        const { digits, terminator } = await collect(exchange, channel, wanted)
        channel.set('read_terminator_used', terminator)
        const valid =
          digits.length >= wanted.min && (pattern === '' || new RegExp(pattern).test(digits)) && digits !== ''
        if (valid) {
          channel.set('read_result', 'success')
          if (variable !== '') channel.set(variable, digits)
          return
        }
        if (digits !== '' && variable !== '') channel.set(`${variable}_invalid`, digits)
        if (invalid !== '' && invalid !== 'silence' && channel.ready()) await play(exchange, channel, invalid)
      }
      channel.set('read_result', 'failure')
      if (failure !== undefined && failure !== '' && channel.ready()) {
        const [extension = '', dialplan = 'XML', context = channel.profile.context] = failure.split(' ')
        channel.take({ kind: 'dialplan', extension, dialplan, context })
      }
    },
  },
  /** min max file variable timeout terminators */
  read: {
    needsMedia: true,
    run: async ({ exchange, channel, argument }) => {
      const [min = '0', max = '128', file = '', variable = '', timeout = '10000', terminators = '#'] =
        separateString(argument, ' ', 7)
      const { digits, terminator } = await collect(exchange, channel, {
        min: Number(min),
        max: Number(max),
        timeoutMs: Number(timeout),
        digitTimeoutMs: Number(timeout),
        terminators,
        file,
      })
      channel.set('read_terminator_used', terminator)
      channel.set('read_result', digits.length >= Number(min) ? 'success' : 'timeout')
      if (variable !== '') channel.set(variable, digits)
    },
  },
}
