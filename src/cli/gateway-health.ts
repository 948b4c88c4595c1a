/** `strowger gateways health` and its breakers: which gateways are fit to take calls, why not, and a hand on them. */
import { InvalidArgumentError, type Command } from 'commander'
import { perform, recordId, type Terminal } from './context.ts'
import { EXIT } from './fault.ts'
import { clockTime, duration, table } from './format.ts'
import { childOf, flagOf, listOf, numberOf, objectOf, textOf, timeOf, type Json } from './json.ts'

/** Adds to the commands of the records, which are there already. */
export const addGatewayHealth = (
  program: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const gateways =
    program.commands.find((command) => command.name() === 'gateways') ??
    program.command('gateways').description('carriers’ gateways')

  const health = gateways
    .command('health')
    .argument('[id]', 'which gateway; without it, all', recordId)
    .description('the health of gateways: score, figures, breakers')
    .addHelpText('after', '\nExamples:\n  strowger gateways health\n  strowger gateways health 3\n')
  perform(health, terminal, ended, async (context, [id]) => {
    if (id !== undefined) {
      const answer = await context.engine.get(`/v1/gateways/${id}/health`)
      context.tell(answer)
      context.say(...healthLines(objectOf(answer['health'])))
      return EXIT.ok
    }
    const answer = await context.engine.get('/v1/gateways/health')
    context.tell(answer)
    const found = listOf(answer, 'gateways')
    context.say(...(found.length === 0 ? ['no gateways'] : table(TITLES, found.map(healthRow))))
    return EXIT.ok
  })

  const move = (action: 'reset' | 'retry', description: string, done: string): void => {
    const command = gateways
      .command(`${action}-breaker`)
      .argument('<id>', 'which gateway', recordId)
      .description(description)
      .option(
        '--destination <digits>',
        'only for numbers that begin so, as `health` lists them',
        leadingDigits,
      )
      .addHelpText(
        'after',
        `\nExamples:\n  strowger gateways ${action}-breaker 3\n  strowger gateways ${action}-breaker 3 --destination 44207\n`,
      )
    perform(command, terminal, ended, async (context, [id = '']) => {
      const { destination }: { destination?: string } = command.opts()
      const answer = await context.engine.send('POST', `/v1/gateways/${id}/breaker`, { action, destination })
      context.tell(answer)
      context.say(done, ...healthLines(objectOf(answer['health'])))
      return EXIT.ok
    })
  }
  move('reset', 'close the breaker of a gateway: calls go over it at once', 'the breaker is closed')
  move('retry', 'let trial calls begin now, whatever the breaker waits for', 'trial calls may begin')
}

const leadingDigits = (text: string): string => {
  if (/^\d{1,15}$/.test(text)) return text
  throw new InvalidArgumentError('It takes the first digits of numbers, without plus.')
}

const TITLES = [
  'ID',
  'GATEWAY',
  'CARRIER',
  'SCORE',
  'STATUS',
  'ASR',
  'FAILED',
  'ACD',
  'PDD',
  'CALLS',
  'BREAKER',
]

const healthRow = (health: Json): readonly string[] => {
  const metrics = childOf(health, 'metrics') ?? {}
  const lastHour = childOf(health, 'lastHour') ?? {}
  const open = listOf(health, 'openDestinations').length
  return [
    textOf(health, 'gatewayId'),
    textOf(health, 'gateway'),
    textOf(health, 'carrier'),
    textOf(health, 'score'),
    flagOf(health, 'isUp') ? textOf(health, 'status') : 'down',
    percent(metrics, 'asr'),
    percent(metrics, 'failureRate'),
    rounded(lastHour, 'acd', ' s'),
    rounded(lastHour, 'pdd', ' ms'),
    channels(metrics),
    `${textOf(childOf(health, 'breaker') ?? {}, 'state')}${open === 0 ? '' : `, ${open} destination${open === 1 ? '' : 's'}`}`,
  ]
}

const healthLines = (health: Json): readonly string[] => {
  const metrics = childOf(health, 'metrics') ?? {}
  const lastHour = childOf(health, 'lastHour') ?? {}
  const coolOff = childOf(health, 'coolOff')
  const known = (label: string, value: string): string[] => (value === '' ? [] : [`  ${label} ${value}`])
  return [
    `${textOf(health, 'gateway')} (gw${textOf(health, 'gatewayId')}) of ${textOf(health, 'carrier')}: ${textOf(health, 'status')}, ${textOf(health, 'score')} of 100`,
    ...(flagOf(health, 'isUp') ? [] : ['  the switch’s pings are not answered']),
    ...listOf(health, 'deductions').map((one) => `  -${textOf(one, 'points')}: ${textOf(one, 'why')}`),
    `  calls ${channels(metrics)}`,
    ...known('answered', percent(metrics, 'asr')),
    ...known('failed by the carrier', percent(metrics, 'failureRate')),
    ...known('OPTIONS answered after', rounded(metrics, 'sipResponseTime', ' ms')),
    ...known('average call of the last hour', rounded(lastHour, 'acd', ' s')),
    ...known('post-dial delay of the last hour', rounded(lastHour, 'pdd', ' ms')),
    `  breaker ${breakerText(childOf(health, 'breaker') ?? {})}`,
    ...(coolOff === undefined
      ? []
      : [`  left alone until ${clock(coolOff, 'until')}: ${textOf(coolOff, 'why')}`]),
    ...listOf(health, 'openDestinations').map(
      (one) => `  breaker for ${textOf(one, 'destination')}... ${breakerText(one)}`,
    ),
  ]
}

const breakerText = (breaker: Json): string => {
  const cause = textOf(breaker, 'lastCause')
  const since = timeOf(breaker, 'since')
  const until = timeOf(breaker, 'until')
  const state = textOf(breaker, 'state')
  return [
    state,
    ...(since === undefined || state === 'closed' ? [] : [`since ${clockTime(since)}`]),
    ...(until === undefined || since === undefined
      ? []
      : [`trial calls from ${clockTime(until)} on (after ${duration((until - since) / 1_000)})`]),
    ...(cause === '' ? [] : [`last failure ${cause}`]),
  ].join(', ')
}

const channels = (metrics: Json): string => {
  const most = textOf(metrics, 'maxChannels')
  return `${textOf(metrics, 'activeChannels')}${most === '' ? '' : ` of ${most}`}`
}

const percent = (json: Json, name: string): string => rounded(json, name, ' %')

const rounded = (json: Json, name: string, unit: string): string => {
  const value = numberOf(json, name)
  return value === undefined ? '' : `${Math.round(value)}${unit}`
}

const clock = (json: Json, name: string): string => {
  const at = timeOf(json, name)
  return at === undefined ? '' : clockTime(at)
}
