/** `strowger health`, `ready` and `bans`. */
import { Option, type Command } from 'commander'
import { perform, type Terminal } from './context.ts'
import { EXIT } from './fault.ts'
import { dayTime, duration, table } from './format.ts'
import { flagOf, listOf, numberOf, textOf, textsOf, timeOf } from './json.ts'

export const addStatus = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const health = program.command('health').description('say whether the engine lives, and what it is')
  perform(health, terminal, ended, async (context) => {
    const answer = await context.engine.get('/health')
    context.tell(answer)
    context.say(
      [
        `${textOf(answer, 'status')}: version ${textOf(answer, 'version')}`,
        `up ${duration(numberOf(answer, 'uptimeSeconds') ?? 0)}`,
        ...(flagOf(answer, 'trial') ? ['a trial'] : []),
        ...(flagOf(answer, 'simulated') ? ['the switch is simulated'] : []),
      ].join(', '),
      ...(textsOf(answer, 'features').length === 0
        ? []
        : [`features: ${textsOf(answer, 'features').join(', ')}`]),
    )
    return EXIT.ok
  })

  const ready = program
    .command('ready')
    .description('say whether the engine can route calls; exit code 1 where it cannot')
  perform(ready, terminal, ended, async (context) => {
    const answer = await context.engine.getAnyway('/ready')
    context.tell(answer)
    const checks = listOf(answer, 'checks').map((check) => [
      flagOf(check, 'ok') ? 'ok' : 'NOT OK',
      textOf(check, 'name'),
      textOf(check, 'detail'),
    ])
    context.say(
      flagOf(answer, 'ready') ? 'ready' : 'not ready',
      ...table(['', '', ''], checks)
        .slice(1)
        .map((line) => `  ${line}`),
    )
    return flagOf(answer, 'ready') ? EXIT.ok : EXIT.failed
  })
}

export const addBans = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const bans = program.command('bans').description('addresses that failed to register too often')

  const list = bans
    .command('list')
    .description('list the bans')
    .addOption(new Option('--format <format>', 'as text for a firewall').choices(['nftables', 'plain']))
    .addHelpText(
      'after',
      '\nExamples:\n  strowger bans list\n  strowger bans list --format nftables | sudo nft -f -\n',
    )
  perform(list, terminal, ended, async (context) => {
    const { format }: { format?: string } = list.opts()
    if (format !== undefined && !context.json) {
      const text = await context.engine.getText('/v1/bans', { format })
      terminal.out(text.replace(/[^\t\n\x20-\x7e]/g, ''))
      return EXIT.ok
    }
    const answer = await context.engine.get('/v1/bans')
    context.tell(answer)
    const rows = listOf(answer, 'bans').map((ban) => [
      textOf(ban, 'address'),
      dayTime(timeOf(ban, 'since') ?? 0),
      dayTime(timeOf(ban, 'until') ?? 0),
      textOf(ban, 'failures'),
      textOf(ban, 'reason'),
    ])
    context.say(
      ...(rows.length === 0
        ? ['nobody is banned']
        : table(['ADDRESS', 'SINCE', 'UNTIL', 'FAILURES', 'REASON'], rows)),
    )
    return EXIT.ok
  })

  const lift = bans.command('lift').argument('<address>', 'an address').description('lift a ban')
  perform(lift, terminal, ended, async (context, [address = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/bans/${encodeURIComponent(address)}`))
    context.say('lifted')
    return EXIT.ok
  })
}
