/** `strowger fraud`: what looks like toll fraud, what was blocked for it, and the rules that say so. */
import { Option, type Command } from 'commander'
import { perform, recordId, wholeNumber, type Terminal } from './context.ts'
import { CliFault, EXIT } from './fault.ts'
import { dayTime, table } from './format.ts'
import { childOf, listOf, textOf, timeOf, type Json } from './json.ts'
import { addFraudRules } from './fraud-rules.ts'

export const addFraud = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const fraud = program
    .command('fraud')
    .description('toll fraud: rules, alerts, blocks, risky prefixes, PINs')
  addFraudRules(fraud, terminal, ended)
  addAlerts(fraud, terminal, ended)
  addBlocks(fraud, terminal, ended)
  addPrefixes(fraud, terminal, ended)
  addPins(fraud, terminal, ended)
}

const addAlerts = (fraud: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const alerts = fraud.command('alerts').description('what looked like fraud')
  const list = alerts
    .command('list', { isDefault: true })
    .description('those that nobody has looked at, newest first')
    .option('--all', 'acknowledged ones too')
    .option('--org <id>', 'only those of an organisation', recordId)
    .option('--limit <count>', 'at most so many', wholeNumber(1, 500), 50)
    .addHelpText(
      'after',
      '\nExamples:\n  strowger fraud alerts\n  strowger fraud alerts list --all --org 1\n',
    )
  perform(list, terminal, ended, async (context) => {
    const { all, org, limit }: { all?: boolean; org?: number; limit: number } = list.opts()
    const answer = await context.engine.get('/v1/fraud/alerts', {
      organization: org,
      limit,
      ...(all === true ? {} : { acknowledged: false }),
    })
    context.tell(answer)
    const found = listOf(answer, 'alerts')
    if (found.length === 0) context.say('no alerts')
    else context.say(...table(ALERT_HEAD, found.map(alertRow), context.terminal.columns ?? 160))
    return EXIT.ok
  })
  const acknowledge = alerts
    .command('acknowledge')
    .argument('<id>', 'its id', recordId)
    .description('somebody has looked at it; the same again is a new alert')
    .option('--note <text>', 'what was found')
    .addHelpText('after', '\nExample:\n  strowger fraud alerts acknowledge 7 --note "a test of ours"\n')
  perform(acknowledge, terminal, ended, async (context, [alertId = '']) => {
    const { note }: { note?: string } = acknowledge.opts()
    const path = `/v1/fraud/alerts/${recordId(alertId)}/acknowledge`
    context.tell(await context.engine.send('POST', path, note === undefined ? {} : { note }))
    context.say(`alert ${alertId} is acknowledged`)
    return EXIT.ok
  })
}

const ALERT_HEAD = ['ID', 'LAST', 'ORG', 'USER', 'KIND', 'DONE', 'TIMES', 'NUMBER', 'SEEN', 'WHY']

const alertRow = (alert: Json): readonly string[] => [
  textOf(alert, 'id'),
  dayTime(timeOf(alert, 'lastAt') ?? 0),
  textOf(alert, 'organizationId'),
  textOf(alert, 'userId') || 'all',
  textOf(alert, 'kind'),
  textOf(alert, 'action'),
  textOf(alert, 'occurrences'),
  textOf(alert, 'number'),
  textOf(alert, 'acknowledgedBy') || '-',
  textOf(alert, 'why'),
]

const addBlocks = (fraud: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const blocks = fraud.command('blocks').description('whose calls are blocked; emergency calls always pass')
  const list = blocks
    .command('list', { isDefault: true })
    .description('the blocks that stand')
    .option('--all', 'those that are over too')
    .option('--org <id>', 'only those of an organisation', recordId)
  perform(list, terminal, ended, async (context) => {
    const { all, org }: { all?: boolean; org?: number } = list.opts()
    const answer = await context.engine.get('/v1/fraud/blocks', {
      organization: org,
      ...(all === true ? { all: true } : {}),
    })
    context.tell(answer)
    const found = listOf(answer, 'blocks')
    if (found.length === 0) context.say('no blocks')
    else context.say(...table(BLOCK_HEAD, found.map(blockRow), context.terminal.columns ?? 160))
    return EXIT.ok
  })
  const add = blocks
    .command('add')
    .description('block calls by hand')
    .requiredOption('--org <id>', 'of which organisation', recordId)
    .option('--user <id>', 'of this user alone', recordId)
    .requiredOption('--reason <text>', 'why')
    .option('--hours <count>', 'so long; until it is released unless given', wholeNumber(1, 8_760))
    .option('--country <code...>', 'only calls to these countries')
    .option('--prefix <digits...>', 'only calls to numbers that begin so')
    .option('--international', 'only calls abroad')
    .option('--high-risk', 'only calls to prefixes that are listed as risky')
    .addHelpText(
      'after',
      '\nExamples:\n  strowger fraud blocks add --org 1 --user 7 --reason "password stolen"\n  strowger fraud blocks add --org 1 --international --hours 12 --reason "looked at tomorrow"\n',
    )
  perform(add, terminal, ended, async (context) => {
    const options = add.opts<{
      org: number
      user?: number
      reason: string
      hours?: number
      country?: string[]
      prefix?: string[]
      international?: boolean
      highRisk?: boolean
    }>()
    const { org, user, country, prefix, ...rest } = options
    const answer = await context.engine.send('POST', '/v1/fraud/blocks', {
      organizationId: org,
      ...(user === undefined ? {} : { userId: user }),
      ...(country === undefined ? {} : { countries: country }),
      ...(prefix === undefined ? {} : { prefixes: prefix }),
      ...rest,
    })
    context.tell(answer)
    context.say(`block ${textOf(answer, 'id')} stands`)
    return EXIT.ok
  })
  const release = blocks
    .command('release')
    .argument('<id>', 'its id', recordId)
    .description('let the calls go again; what led to the block counts no more')
  perform(release, terminal, ended, async (context, [blockId = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/fraud/blocks/${recordId(blockId)}`))
    context.say(`block ${blockId} is released`)
    return EXIT.ok
  })
}

const BLOCK_HEAD = ['ID', 'SINCE', 'ORG', 'USER', 'RULE', 'UNTIL', 'RELEASED', 'REASON']

const blockRow = (block: Json): readonly string[] => {
  const endsAt = timeOf(block, 'endsAt')
  return [
    textOf(block, 'id'),
    dayTime(timeOf(block, 'createdAt') ?? 0),
    textOf(block, 'organizationId'),
    textOf(block, 'userId') || 'all',
    textOf(block, 'ruleId') || 'by hand',
    endsAt === undefined ? 'released' : dayTime(endsAt),
    textOf(block, 'releasedBy') || '-',
    textOf(block, 'reason'),
  ]
}

const addPrefixes = (fraud: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const prefixes = fraud.command('prefixes').description('which prefixes are risky, and who says so')
  const list = prefixes
    .command('list', { isDefault: true })
    .description('the list, shortest first within a country')
    .option('--org <id>', "the platform's and those of an organisation", recordId)
  perform(list, terminal, ended, async (context) => {
    const { org }: { org?: number } = list.opts()
    const answer = await context.engine.get('/v1/fraud/prefixes', { organization: org })
    context.tell(answer)
    const rows = listOf(answer, 'prefixes').map((row) => [
      textOf(row, 'id'),
      textOf(row, 'organizationId') || 'all',
      textOf(row, 'prefix'),
      textOf(row, 'risk'),
      textOf(row, 'note'),
      textOf(row, 'source'),
    ])
    context.say(...table(['ID', 'ORG', 'PREFIX', 'RISK', 'NOTE', 'SOURCE'], rows))
    return EXIT.ok
  })
  const add = prefixes
    .command('add')
    .argument('<prefix>', 'leading digits without plus')
    .description('list a prefix; as normal it lifts a shorter one')
    .addOption(
      new Option('--risk <risk>', 'what it is')
        .choices(['premium', 'high-risk', 'normal'])
        .default('high-risk'),
    )
    .option('--org <id>', 'for one organisation; for all unless given', recordId)
    .option('--note <text>', 'what it is')
    .option('--source <text>', 'who says so')
    .addHelpText(
      'after',
      '\nExample:\n  strowger fraud prefixes add 37190 --risk premium --note "Latvia, premium rate"\n',
    )
  perform(add, terminal, ended, async (context, [prefix = '']) => {
    const { org, ...rest }: { org?: number } & Record<string, unknown> = add.opts()
    const answer = await context.engine.send('POST', '/v1/fraud/prefixes', {
      prefix,
      ...rest,
      ...(org === undefined ? {} : { organizationId: org }),
    })
    context.tell(answer)
    context.say(`prefix ${textOf(childOf(answer, 'prefix') ?? {}, 'id')} is listed`)
    return EXIT.ok
  })
  const remove = prefixes
    .command('remove')
    .argument('<id>', 'its id', recordId)
    .description('take a prefix from the list')
  perform(remove, terminal, ended, async (context, [prefixId = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/fraud/prefixes/${recordId(prefixId)}`))
    context.say(`prefix ${prefixId} is removed`)
    return EXIT.ok
  })
}

const addPins = (fraud: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const pin = fraud.command('pin').description('the PIN that lets a call out where a rule requires one')
  const whose = ['organization', 'user']
  const set = pin
    .command('set')
    .argument('<whose>', 'organization or user')
    .argument('<id>', 'its id', recordId)
    .description('set it; 4 to 10 digits are read from standard input')
    .addHelpText('after', '\nExample:\n  strowger fraud pin set user 7 < pin.txt\n')
  perform(set, terminal, ended, async (context, [kind = '', id = '']) => {
    const path = pinPath(kind, id, whose)
    const digits = (await context.terminal.readInput()).trim()
    context.tell(await context.engine.send('PUT', path, { pin: digits }))
    context.say(`the PIN of ${kind} ${id} is set`)
    return EXIT.ok
  })
  const remove = pin
    .command('remove')
    .argument('<whose>', 'organization or user')
    .argument('<id>', 'its id', recordId)
    .description('take it away: what requires one is refused then')
  perform(remove, terminal, ended, async (context, [kind = '', id = '']) => {
    context.tell(await context.engine.send('DELETE', pinPath(kind, id, whose)))
    context.say(`${kind} ${id} has no PIN`)
    return EXIT.ok
  })
}

const pinPath = (kind: string, id: string, whose: readonly string[]): string => {
  if (!whose.includes(kind))
    throw new CliFault(EXIT.badInput, 'BAD_INPUT', `it takes ${whose.join(' or ')}, and an id`)
  return `/v1/${kind}s/${recordId(id)}/fraud-pin`
}
