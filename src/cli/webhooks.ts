/** `strowger webhooks`: who is told of calls, what was delivered, and sending it again. */
import { Option, type Command } from 'commander'
import { momentText, perform, recordId, uuidText, wholeNumber, type Terminal } from './context.ts'
import { CliFault, EXIT } from './fault.ts'
import { dayTime, table } from './format.ts'
import { flagOf, listOf, numberOf, objectOf, textOf, textsOf, timeOf, type Json } from './json.ts'

type Ended = (exitCode: number) => void

export const addWebhooks = (program: Command, terminal: Terminal, ended: Ended): void => {
  const webhooks = program
    .command('webhooks')
    .description('webhooks: servers of customers that are told of calls, and what was delivered to them')
    .addHelpText('after', HELP)
  addReads(webhooks, terminal, ended)
  addChanges(webhooks, terminal, ended)
  addSecrets(webhooks, terminal, ended)
  addDeliveries(webhooks, terminal, ended)
}

const HELP = `
Examples:
  strowger webhooks add https://crm.example.com/calls --event 'call.*' --event recording.stored --org 1
  strowger webhooks test 3
  strowger webhooks deliveries 3 --state failed
  strowger webhooks replay 812

An event is a name (call.answered), all of a kind (call.*) or everything (*). What is sent is signed:
docs/webhooks.md shows how a receiver checks it.
`

const organization = (): Option =>
  new Option('--org, --organization <id>', 'of this organisation').argParser(recordId)
const oneWebhook = ['<id>', 'which webhook', recordId] as const

const addReads = (webhooks: Command, terminal: Terminal, ended: Ended): void => {
  const list = webhooks.command('list').description('list the webhooks').addOption(organization())
  perform(list, terminal, ended, async (context) => {
    const { organization: of }: { organization?: number } = list.opts()
    const answer = await context.engine.get('/v1/webhooks', { organization: of })
    const found = listOf(answer, 'webhooks')
    context.tell(answer)
    context.say(
      ...(found.length === 0
        ? ['no webhooks']
        : table(['ID', 'ORG', 'STATE', 'WAITING', 'EVENTS', 'URL'], found.map(webhookCells), 160)),
    )
    return EXIT.ok
  })

  const show = webhooks
    .command('show')
    .argument(...oneWebhook)
    .description('show one webhook')
  perform(show, terminal, ended, async (context, [id = '']) => {
    const answer = await context.engine.get(`/v1/webhooks/${id}`)
    context.tell(answer)
    context.say(...describe(objectOf(answer['webhook'])))
    return EXIT.ok
  })
}

type WebhookOptions = {
  readonly url?: string
  readonly event?: readonly string[]
  readonly organization?: number
  readonly description?: string
  readonly enabled?: boolean
}

const collect = (event: string, before: readonly string[] = []): readonly string[] => [...before, event]

const addChanges = (webhooks: Command, terminal: Terminal, ended: Ended): void => {
  const add = webhooks
    .command('add')
    .argument('<url>', 'where events are posted')
    .description('add a webhook, and print its secret, which is not told again')
    .requiredOption('--event <name>', 'what it is told, several by several options', collect)
    .addOption(organization())
    .option('--description <text>', 'what it is for')
    .addHelpText(
      'after',
      "\nExample:\n  strowger webhooks add https://crm.example.com/calls --event 'call.*' --org 1\n",
    )
  perform(add, terminal, ended, async (context, [url = '']) => {
    const options: WebhookOptions = add.opts()
    const answer = await context.engine.send('POST', '/v1/webhooks', {
      url,
      events: options.event,
      organizationId: options.organization,
      description: options.description,
    })
    context.tell(answer)
    const webhook = objectOf(answer['webhook'])
    context.say(`webhook ${textOf(webhook, 'id')} added`, `  secret ${textOf(answer, 'secret')}`)
    return EXIT.ok
  })

  const set = webhooks
    .command('set')
    .argument(...oneWebhook)
    .description('change a webhook')
    .option('--url <url>', 'where events are posted')
    .option('--event <name>', 'what it is told, several by several options', collect)
    .option('--description <text>', 'what it is for')
    .addOption(new Option('--enabled', 'it is told events'))
    .addOption(new Option('--no-enabled', 'it is told nothing; what waits is kept'))
    .addHelpText('after', '\nExample:\n  strowger webhooks set 3 --no-enabled\n')
  perform(set, terminal, ended, async (context, [id = '']) => {
    const { url, event: events, description, enabled }: WebhookOptions = set.opts()
    const changes = {
      url,
      events,
      description,
      enabled: set.getOptionValueSource('enabled') === 'cli' ? enabled : undefined,
    }
    if (Object.values(changes).every((change) => change === undefined))
      throw new CliFault(
        EXIT.badInput,
        'BAD_INPUT',
        'nothing to change was given; add --help for what there is',
      )
    context.tell(await context.engine.send('PUT', `/v1/webhooks/${id}`, changes))
    context.say(`webhook ${id} changed`)
    return EXIT.ok
  })

  const remove = webhooks
    .command('remove')
    .argument(...oneWebhook)
    .description('remove a webhook with all that was to be delivered to it')
  perform(remove, terminal, ended, async (context, [id = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/webhooks/${id}`))
    context.say(`webhook ${id} removed`)
    return EXIT.ok
  })
}

const addSecrets = (webhooks: Command, terminal: Terminal, ended: Ended): void => {
  const rotate = webhooks
    .command('rotate-secret')
    .argument(...oneWebhook)
    .description('make a new secret; for a while what is sent is signed with both')
    .option('--hours <n>', 'for which the old one is good too (default: 24)', wholeNumber(0, 720))
  perform(rotate, terminal, ended, async (context, [id = '']) => {
    const { hours }: { hours?: number } = rotate.opts()
    const answer = await context.engine.send(
      'POST',
      `/v1/webhooks/${id}/rotate-secret${hours === undefined ? '' : `?hours=${hours}`}`,
    )
    context.tell(answer)
    context.say(`webhook ${id} has a new secret`, `  secret ${textOf(answer, 'secret')}`)
    return EXIT.ok
  })

  const callback = webhooks
    .command('callback-secret')
    .description("print the secret with which callbacks of an organisation's calls are signed")
    .addOption(organization())
    .option('--rotate', 'make a new one; the old one is good no more')
  perform(callback, terminal, ended, async (context) => {
    const { organization: of, rotate: again }: { organization?: number; rotate?: boolean } = callback.opts()
    const query = of === undefined ? '' : `?organization=${of}`
    const answer =
      again === true
        ? await context.engine.send('POST', `/v1/callback-secret/rotate${query}`)
        : await context.engine.get('/v1/callback-secret', { organization: of })
    context.tell(answer)
    context.say(textOf(answer, 'secret'))
    return EXIT.ok
  })

  const test = webhooks
    .command('test')
    .argument(...oneWebhook)
    .description('send webhook.ping now, and say what came of it; ends with 1 where it was not taken')
  perform(test, terminal, ended, async (context, [id = '']) => {
    const answer = await context.engine.send('POST', `/v1/webhooks/${id}/test`)
    const delivery = objectOf(answer['delivery'])
    const arrived = textOf(delivery, 'state') === 'delivered'
    context.tell(answer)
    const why = textOf(delivery, 'lastError') || 'no answer yet'
    context.say(
      arrived
        ? `webhook ${id} took the ping: ${textOf(delivery, 'lastStatus')} after ${tookOf(delivery)} ms`
        : `webhook ${id} did not take the ping: ${why} (delivery ${textOf(delivery, 'id')})`,
    )
    return arrived ? EXIT.ok : EXIT.failed
  })
}

const addDeliveries = (webhooks: Command, terminal: Terminal, ended: Ended): void => {
  const deliveries = webhooks
    .command('deliveries')
    .argument('[id]', 'which webhook; none: all webhooks and callbacks', recordId)
    .description('list deliveries, newest first')
    .option('--call <id>', 'only those of a call', uuidText)
    .addOption(
      new Option('--state <state>', 'only those in this state').choices(['waiting', 'delivered', 'failed']),
    )
    .addOption(organization())
    .option('--limit <n>', 'how many (default: 50)', wholeNumber(1, 500))
    .option('--cursor <text>', 'the "next" of the page before')
    .addHelpText(
      'after',
      '\nExamples:\n  strowger webhooks deliveries --state waiting\n  strowger webhooks deliveries 3 --limit 10\n',
    )
  perform(deliveries, terminal, ended, async (context, [id]) => {
    const options: { call?: string; state?: string; organization?: number; limit?: number; cursor?: string } =
      deliveries.opts()
    const { call: callId, state, limit, cursor } = options
    if (id !== undefined && (callId ?? options.organization) !== undefined)
      throw new CliFault(EXIT.badInput, 'BAD_INPUT', 'a webhook or --call and --org, not both')
    const answer = await context.engine.get(
      id === undefined ? '/v1/deliveries' : `/v1/webhooks/${id}/deliveries`,
      id === undefined
        ? { callId, state, limit, cursor, organization: options.organization }
        : { state, limit, cursor },
    )
    const found = listOf(answer, 'deliveries')
    context.tell(answer)
    context.say(...(found.length === 0 ? ['no deliveries'] : table(TITLES, found.map(deliveryCells), 160)))
    const next = textOf(answer, 'next')
    if (next !== '') context.say(`more: --cursor ${next}`)
    return EXIT.ok
  })

  const delivery = webhooks
    .command('delivery')
    .argument('<id>', 'which delivery', recordId)
    .description('show one delivery: every attempt, and what is sent')
  perform(delivery, terminal, ended, async (context, [id = '']) => {
    const answer = await context.engine.get(`/v1/deliveries/${id}`)
    context.tell(answer)
    context.say(...describeDelivery(objectOf(answer['delivery'])))
    return EXIT.ok
  })

  const replay = webhooks
    .command('replay')
    .argument('[delivery]', 'which delivery', recordId)
    .description('send a delivery again; or everything that a webhook never took')
    .option('--failed-of <webhook>', 'all of this webhook that were given up', recordId)
    .option(
      '--since <when>',
      'of those, since then (default: 7 days)',
      momentText(() => Date.now()),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  strowger webhooks replay 812\n  strowger webhooks replay --failed-of 3 --since 2d\n',
    )
  perform(replay, terminal, ended, async (context, [id]) => {
    const { failedOf, since }: { failedOf?: number; since?: string } = replay.opts()
    if ((id === undefined) === (failedOf === undefined))
      throw new CliFault(
        EXIT.badInput,
        'BAD_INPUT',
        'it takes the id of a delivery, or --failed-of with a webhook',
      )
    if (id === undefined) {
      const answer = await context.engine.send(
        'POST',
        `/v1/webhooks/${failedOf ?? 0}/replay${since === undefined ? '' : `?since=${encodeURIComponent(since)}`}`,
      )
      context.tell(answer)
      context.say(`${textOf(answer, 'replayed')} deliveries are sent again`)
    } else {
      const answer = await context.engine.send('POST', `/v1/deliveries/${id}/replay`)
      context.tell(answer)
      context.say(`sent again as delivery ${textOf(answer, 'deliveryId')}`)
    }
    return EXIT.ok
  })
}

const stateOf = (webhook: Json): string => {
  if (!flagOf(webhook, 'enabled')) return 'disabled'
  if (timeOf(webhook, 'pausedUntil') !== undefined) return 'paused'
  return timeOf(webhook, 'failingSince') === undefined ? 'ok' : 'failing'
}

const webhookCells = (webhook: Json): readonly string[] => [
  textOf(webhook, 'id'),
  textOf(webhook, 'organizationId'),
  stateOf(webhook),
  textOf(webhook, 'waiting'),
  textsOf(webhook, 'events').join(' '),
  textOf(webhook, 'url'),
]

const describe = (webhook: Json): readonly string[] =>
  lines(`webhook ${textOf(webhook, 'id')}`, [
    ['url', textOf(webhook, 'url')],
    ['for', textOf(webhook, 'description')],
    ['of', `organisation ${textOf(webhook, 'organizationId')}`],
    ['events', textsOf(webhook, 'events').join(', ')],
    ['state', stateOf(webhook)],
    ['why', textOf(webhook, 'disabledReason')],
    ['failing', momentOf(webhook, 'failingSince')],
    ['paused to', momentOf(webhook, 'pausedUntil')],
    ['waiting', textOf(webhook, 'waiting')],
    ['added', momentOf(webhook, 'createdAt')],
  ])

const TITLES = ['ID', 'EVENT', 'CALL', 'N', 'TO', 'STATE', 'TRIES', 'LAST', 'NEXT TRY']

const deliveryCells = (delivery: Json): readonly string[] => [
  textOf(delivery, 'id'),
  textOf(delivery, 'type'),
  textOf(delivery, 'callId'),
  textOf(delivery, 'sequence'),
  numberOf(delivery, 'webhookId') === undefined
    ? textOf(delivery, 'url')
    : `webhook ${textOf(delivery, 'webhookId')}`,
  `${textOf(delivery, 'state')}${flagOf(delivery, 'late') ? ', late' : ''}`,
  textOf(delivery, 'attempts'),
  textOf(delivery, 'lastError') || textOf(delivery, 'lastStatus'),
  momentOf(delivery, 'nextTryAt'),
]

const describeDelivery = (delivery: Json): readonly string[] => [
  ...lines(`delivery ${textOf(delivery, 'id')}: ${textOf(delivery, 'type')}, ${textOf(delivery, 'state')}`, [
    ['event', textOf(delivery, 'eventId')],
    ['call', textOf(delivery, 'callId')],
    ['to', textOf(delivery, 'url')],
    ['replay of', textOf(delivery, 'replayOf')],
    ['next try', momentOf(delivery, 'nextTryAt')],
  ]),
  ...listOf(delivery, 'tries').map((attempt) => {
    const what = textOf(attempt, 'error') || textOf(attempt, 'status')
    return `  ${momentOf(attempt, 'at')}  ${what}, ${textOf(attempt, 'tookMs')} ms`
  }),
  textOf(delivery, 'body'),
]

const lines = (title: string, rows: readonly (readonly [string, string])[]): readonly string[] => [
  title,
  ...rows.filter(([, value]) => value !== '').map(([name, value]) => `  ${name.padEnd(11)}${value}`),
]

const momentOf = (json: Json, field: string): string => {
  const moment = timeOf(json, field)
  return moment === undefined ? '' : dayTime(moment)
}

const tookOf = (delivery: Json): string => textOf(listOf(delivery, 'tries').at(-1) ?? {}, 'tookMs')
