/** `strowger targets`: accounts elsewhere that get the record of each call, what they took, and sending it again. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Argument, Option, type Command } from 'commander'
import {
  momentText,
  perform,
  recordId,
  uuidText,
  wholeNumber,
  type Context,
  type Terminal,
} from './context.ts'
import { CliFault, EXIT, reasonOf } from './fault.ts'
import { dayTime, table } from './format.ts'
import { flagOf, listOf, objectOf, textOf, timeOf, type Json } from './json.ts'

type Ended = (exitCode: number) => void

export const addTargets = (program: Command, terminal: Terminal, ended: Ended): void => {
  const targets = program
    .command('targets')
    .description('targets: Salesforce, HubSpot, Zendesk, Analytics or a billing server that get each call')
    .addHelpText('after', HELP)
  addReads(targets, terminal, ended)
  addChanges(targets, terminal, ended)
  addTest(targets, terminal, ended)
  addDeliveries(targets, terminal, ended)
}

const KINDS = ['salesforce', 'hubspot', 'zendesk', 'ga4', 'http'] as const

const HELP = `
Examples:
  strowger targets add hubspot CRM --org 1 --credentials @hubspot.json
  strowger targets add salesforce Sales --org 1 --settings '{"loginUrl":"https://acme.my.salesforce.com"}' --credentials -
  strowger targets test CRM --call 5b0c29c8-1f0a-4a3e-8f0e-0c6a1f1f2f3a --dry-run
  strowger targets dead-letters CRM
  strowger targets replay CRM --since 2d

JSON is given as text, as @file, or as - for standard input: credentials do not belong on a command line, where
others see them. docs/cdr-targets.md has what each kind takes.
`

const organization = (): Option =>
  new Option('--org, --organization <id>', 'of this organisation').argParser(recordId)
const oneTarget = ['<target>', 'which target: its name or its id'] as const

type FieldOptions = {
  readonly settings?: string
  readonly mapping?: string
  readonly credentials?: string
  readonly enabled?: boolean
  readonly organization?: number
  readonly name?: string
}

const addReads = (targets: Command, terminal: Terminal, ended: Ended): void => {
  const list = targets.command('list').description('list the targets').addOption(organization())
  perform(list, terminal, ended, async (context) => {
    const { organization: of }: FieldOptions = list.opts()
    const answer = await context.engine.get('/v1/targets', { organization: of })
    const found = listOf(answer, 'targets')
    context.tell(answer)
    const titles = ['ID', 'ORG', 'KIND', 'NAME', 'STATE', 'WAITING', 'DEAD']
    context.say(...(found.length === 0 ? ['no targets'] : table(titles, found.map(targetCells), 160)))
    return EXIT.ok
  })

  const show = targets
    .command('show')
    .argument(...oneTarget)
    .description('show one target')
  perform(show, terminal, ended, async (context, [which = '']) => {
    const answer = await context.engine.get(`/v1/targets/${await idOf(context, which)}`)
    context.tell(answer)
    context.say(...describe(objectOf(answer['target'])))
    return EXIT.ok
  })

  const paths = targets.command('paths').description('list what a field mapping may name of a call')
  perform(paths, terminal, ended, async (context) => {
    const answer = await context.engine.get('/v1/target-kinds')
    context.tell(answer)
    const rows = listOf(answer, 'paths').map((row) => [
      textOf(row, 'path'),
      textOf(row, 'type'),
      textOf(row, 'what'),
    ])
    context.say(...table(['PATH', 'TYPE', 'WHAT'], rows, 160))
    return EXIT.ok
  })

  const mapping = targets
    .command('default-mapping')
    .addArgument(new Argument('<kind>', 'of which kind').choices([...KINDS]))
    .description('print the mapping that a kind has by itself, as JSON to begin with')
  perform(mapping, terminal, ended, async (context, [kind = '']) => {
    const answer = await context.engine.get('/v1/target-kinds')
    const found = listOf(answer, 'kinds').find((row) => textOf(row, 'kind') === kind)
    context.tell(found ?? {})
    context.say(...JSON.stringify(found?.['mapping'] ?? {}, null, 2).split('\n'))
    return EXIT.ok
  })
}

const withFields = (command: Command): Command =>
  command
    .option('--settings <json>', 'where it is and what it gets: JSON, @file or -')
    .option('--mapping <json>', 'fields of the target, where they differ from the default: JSON, @file or -')
    .option('--credentials <json>', 'kept encrypted, never told again: JSON, @file or -')

const addChanges = (targets: Command, terminal: Terminal, ended: Ended): void => {
  const add = withFields(
    targets
      .command('add')
      .addArgument(new Argument('<kind>', 'what it is').choices([...KINDS]))
      .argument('<name>', 'what it is called here')
      .description('add a target; it gets every call whose record is stored from now on'),
  )
    .addOption(organization())
    .addHelpText(
      'after',
      '\nExample:\n  echo \'{"flow":"private-app","accessToken":"pat-eu1-..."}\' | strowger targets add hubspot CRM --org 1 --credentials -\n',
    )
  perform(add, terminal, ended, async (context, [kind, name]) => {
    const options: FieldOptions = add.opts()
    const answer = await context.engine.send('POST', '/v1/targets', {
      name,
      kind,
      organizationId: options.organization,
      ...(await fieldsOf(options, terminal)),
    })
    context.tell(answer)
    const secret = textOf(answer, 'signingSecret')
    context.say(
      `target ${textOf(objectOf(answer['target']), 'id')} added`,
      ...(secret === '' ? [] : [`  secret ${secret}`]),
    )
    return EXIT.ok
  })

  const set = withFields(
    targets
      .command('set')
      .argument(...oneTarget)
      .description('change a target: what is given, each as a whole; what waits is tried at once'),
  )
    .option('--name <name>', 'what it is called here')
    .addOption(new Option('--enabled', 'it gets calls'))
    .addOption(new Option('--no-enabled', 'it gets nothing; what waits is kept'))
    .addHelpText('after', '\nExample:\n  strowger targets set CRM --mapping @mapping.json\n')
  perform(set, terminal, ended, async (context, [which = '']) => {
    const options: FieldOptions = set.opts()
    const changes = {
      name: options.name,
      ...(await fieldsOf(options, terminal)),
      enabled: set.getOptionValueSource('enabled') === 'cli' ? options.enabled : undefined,
    }
    if (Object.values(changes).every((change) => change === undefined))
      throw new CliFault(
        EXIT.badInput,
        'BAD_INPUT',
        'nothing to change was given; add --help for what there is',
      )
    context.tell(await context.engine.send('PUT', `/v1/targets/${await idOf(context, which)}`, changes))
    context.say(`target ${which} changed`)
    return EXIT.ok
  })

  const remove = targets
    .command('remove')
    .argument(...oneTarget)
    .description('remove a target with all that was to be delivered to it; what it has stays there')
  perform(remove, terminal, ended, async (context, [which = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/targets/${await idOf(context, which)}`))
    context.say(`target ${which} removed`)
    return EXIT.ok
  })
}

const addTest = (targets: Command, terminal: Terminal, ended: Ended): void => {
  const test = targets
    .command('test')
    .argument(...oneTarget)
    .description(
      'send one call to a target now, or print what would be sent; ends with 1 where it was not taken',
    )
    .requiredOption('--call <id>', 'a call whose record is stored', uuidText)
    .option('--dry-run', 'only print what would be sent')
    .addHelpText(
      'after',
      '\nExample:\n  strowger targets test CRM --call 5b0c29c8-1f0a-4a3e-8f0e-0c6a1f1f2f3a --dry-run\n',
    )
  perform(test, terminal, ended, async (context, [which = '']) => {
    const { call: callId, dryRun = false }: { call?: string; dryRun?: boolean } = test.opts()
    const answer = await context.engine.send('POST', `/v1/targets/${await idOf(context, which)}/test`, {
      callId,
      dryRun,
    })
    context.tell(answer)
    if (dryRun) {
      for (const request of listOf(answer, 'requests'))
        context.say(
          `${textOf(request, 'method')} ${textOf(request, 'url')}`,
          ...JSON.stringify(request['body'], null, 2).split('\n'),
        )
      return EXIT.ok
    }
    const delivery = objectOf(answer['delivery'])
    const isTaken = textOf(delivery, 'state') === 'delivered'
    const why = textOf(delivery, 'lastError') || 'no answer yet'
    context.say(
      isTaken
        ? `target ${which} took the call: ${textOf(delivery, 'note')}`
        : `target ${which} did not take the call: ${why} (delivery ${textOf(delivery, 'id')})`,
    )
    return isTaken ? EXIT.ok : EXIT.failed
  })
}

const addDeliveries = (targets: Command, terminal: Terminal, ended: Ended): void => {
  const listing = (name: string, what: string, path: string): Command => {
    const command = targets
      .command(name)
      .argument(...oneTarget)
      .description(what)
      .option('--call <id>', 'only those of a call', uuidText)
      .option('--limit <n>', 'how many (default: 50)', wholeNumber(1, 500))
      .option('--cursor <text>', 'the "next" of the page before')
    perform(command, terminal, ended, async (context, [which = '']) => {
      const { call: callId, ...query }: { call?: string; state?: string; limit?: number; cursor?: string } =
        command.opts()
      const answer = await context.engine.get(`/v1/targets/${await idOf(context, which)}/${path}`, {
        callId,
        ...query,
      })
      const found = listOf(answer, 'deliveries')
      context.tell(answer)
      const titles = ['ID', 'WHEN', 'CALL', 'STATE', 'TRIES', 'WHAT', 'NEXT TRY']
      context.say(...(found.length === 0 ? [`no ${name}`] : table(titles, found.map(deliveryCells), 200)))
      const next = textOf(answer, 'next')
      if (next !== '') context.say(`more: --cursor ${next}`)
      return EXIT.ok
    })
    return command
  }
  listing('deliveries', 'list what was delivered to a target, newest first', 'deliveries').addOption(
    new Option('--state <state>', 'only those in this state').choices(['waiting', 'delivered', 'failed']),
  )
  listing('dead-letters', 'list what a target refused, or did not take for too long', 'dead-letters')

  const replay = targets
    .command('replay')
    .argument(...oneTarget)
    .description('send dead letters of a target again, as the records and the mapping are now')
    .option('--delivery <id>', 'only this one', recordId)
    .option(
      '--since <when>',
      'all since then (default: 7 days)',
      momentText(() => Date.now()),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  strowger targets replay CRM --delivery 812\n  strowger targets replay CRM --since 2d\n',
    )
  perform(replay, terminal, ended, async (context, [which = '']) => {
    const { delivery, since }: { delivery?: number; since?: string } = replay.opts()
    if (delivery !== undefined && since !== undefined)
      throw new CliFault(EXIT.badInput, 'BAD_INPUT', 'it takes --delivery or --since, not both')
    const query =
      delivery !== undefined
        ? `?deliveryId=${delivery}`
        : since === undefined
          ? ''
          : `?since=${encodeURIComponent(since)}`
    const answer = await context.engine.send(
      'POST',
      `/v1/targets/${await idOf(context, which)}/replay${query}`,
    )
    context.tell(answer)
    context.say(`${textOf(answer, 'replayed')} calls are sent again`)
    return EXIT.ok
  })
}

/** A name is looked up; two organisations may have the same. */
const idOf = async (context: Context, which: string): Promise<string> => {
  if (/^[1-9]\d{0,9}$/.test(which)) return which
  const found = listOf(await context.engine.get('/v1/targets'), 'targets').filter(
    (target) => textOf(target, 'name') === which,
  )
  const [only] = found
  if (only === undefined)
    throw new CliFault(
      EXIT.badInput,
      'NOT_FOUND',
      `there is no target "${which}"; \`strowger targets list\` shows them`,
    )
  if (found.length > 1)
    throw new CliFault(
      EXIT.badInput,
      'BAD_INPUT',
      `${found.length} targets are called "${which}": give the id, one of ${found.map((one) => textOf(one, 'id')).join(', ')}`,
    )
  return textOf(only, 'id')
}

const fieldsOf = async (
  { settings, mapping, credentials }: FieldOptions,
  terminal: Terminal,
): Promise<Readonly<Record<string, unknown>>> => {
  if ([settings, mapping, credentials].filter((one) => one === '-').length > 1)
    throw new CliFault(EXIT.badInput, 'BAD_INPUT', 'standard input can be only one of them')
  return {
    settings: await jsonOf('--settings', settings, terminal),
    mapping: await jsonOf('--mapping', mapping, terminal),
    credentials: await jsonOf('--credentials', credentials, terminal),
  }
}

const jsonOf = async (option: string, given: string | undefined, terminal: Terminal): Promise<unknown> => {
  if (given === undefined) return undefined
  const text =
    given === '-'
      ? await terminal.readInput()
      : given.startsWith('@')
        ? await fileText(option, resolve(terminal.workingDirectory, given.slice(1)))
        : given
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch (fault) {
    // The text may be a secret: it is not repeated.
    if (!(fault instanceof SyntaxError)) throw fault
  }
  throw new CliFault(EXIT.badInput, 'BAD_INPUT', `${option} takes a JSON object, @file or -`)
}

const fileText = async (option: string, path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8')
  } catch (fault) {
    throw new CliFault(EXIT.badInput, 'BAD_INPUT', `${option}: ${reasonOf(fault)}`, fault)
  }
}

const stateOf = (target: Json): string => {
  if (!flagOf(target, 'enabled')) return 'disabled'
  const breaker = textOf(target, 'breaker')
  if (breaker !== 'closed') return breaker
  return timeOf(target, 'failingSince') === undefined ? 'ok' : 'failing'
}

const targetCells = (target: Json): readonly string[] => [
  textOf(target, 'id'),
  textOf(target, 'organizationId'),
  textOf(target, 'kind'),
  textOf(target, 'name'),
  stateOf(target),
  textOf(target, 'waiting'),
  textOf(target, 'deadLetters'),
]

const describe = (target: Json): readonly string[] => [
  `target ${textOf(target, 'id')}: ${textOf(target, 'name')}`,
  ...(
    [
      ['kind', textOf(target, 'kind')],
      ['of', `organisation ${textOf(target, 'organizationId')}`],
      ['state', stateOf(target)],
      ['failing', momentOf(target, 'failingSince')],
      ['paused to', momentOf(target, 'pausedUntil')],
      ['waiting', textOf(target, 'waiting')],
      ['dead', textOf(target, 'deadLetters')],
      ['settings', JSON.stringify(target['settings'] ?? {})],
      ['mapping', JSON.stringify(target['mapping'] ?? {})],
      ['added', momentOf(target, 'createdAt')],
    ] as const
  )
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `  ${name.padEnd(11)}${value}`),
]

const deliveryCells = (delivery: Json): readonly string[] => [
  textOf(delivery, 'id'),
  momentOf(delivery, 'createdAt'),
  textOf(delivery, 'callId'),
  textOf(delivery, 'state'),
  textOf(delivery, 'attempts'),
  textOf(delivery, 'lastError') || textOf(delivery, 'note'),
  momentOf(delivery, 'nextTryAt'),
]

const momentOf = (json: Json, field: string): string => {
  const moment = timeOf(json, field)
  return moment === undefined ? '' : dayTime(moment)
}
