/** `strowger carriers` and `strowger gateways`: the companies that carry our calls, and their trunks. */
import { Option, type Command } from 'commander'
import { perform, recordId, wholeNumber, type Terminal } from './context.ts'
import { CliFault, EXIT } from './fault.ts'
import { table } from './format.ts'
import { childOf, flagOf, listOf, numberOf, objectOf, textOf, textsOf, type Json } from './json.ts'

export const addCarriers = (
  program: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const carriers = program.command('carriers').description('the companies that carry our calls')

  const add = carriers
    .command('add')
    .description('add a carrier')
    .requiredOption('--name <name>', 'its name')
    .requiredOption('--code <code>', 'a short code in letters, digits, _ . and -')
    .option('--organization <id>', 'only for one organisation; without it, for all', recordId)
    .addHelpText('after', '\nExample:\n  strowger carriers add --code alpha --name "Alpha Carrier"\n')
  perform(add, terminal, ended, async (context) => {
    const { name, code, organization }: { name?: string; code?: string; organization?: number } = add.opts()
    const answer = await context.engine.send('POST', '/v1/carriers', {
      name,
      code,
      organizationId: organization,
    })
    context.tell(answer)
    context.say(`carrier ${textOf(objectOf(answer['carrier']), 'id')} added`)
    return EXIT.ok
  })

  const list = carriers.command('list').description('list the carriers')
  perform(list, terminal, ended, async (context) => {
    const answer = await context.engine.get('/v1/carriers')
    context.tell(answer)
    const rows = listOf(answer, 'carriers').map((row) => [
      textOf(row, 'id'),
      textOf(row, 'code'),
      textOf(row, 'name'),
      onOff(row),
    ])
    context.say(...(rows.length === 0 ? ['no carriers'] : table(['ID', 'CODE', 'NAME', ''], rows)))
    return EXIT.ok
  })
}

export const addGateways = (
  program: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const gateways = program.command('gateways').description("carriers' trunks")

  const add = withFields(gateways.command('add').description('add a gateway'), true).addHelpText(
    'after',
    '\nExamples:\n  strowger gateways add --carrier 1 --name alpha-1 --hostname sip.alpha.example\n  strowger gateways add --carrier 1 --name alpha-2 --hostname sip2.alpha.example --username us --password-stdin --register\n',
  )
  perform(add, terminal, ended, async (context) => {
    const answer = await context.engine.send('POST', '/v1/gateways', await fieldsOf(add.opts(), terminal))
    context.tell(answer)
    context.say(`gateway ${textOf(objectOf(answer['gateway']), 'id')} added`)
    return EXIT.ok
  })

  const set = withFields(
    gateways
      .command('set')
      .argument('<id>', 'which gateway', recordId)
      .description('change a gateway: the fields that are given'),
    false,
  ).addHelpText(
    'after',
    '\nExamples:\n  strowger gateways set 2 --disable\n  strowger gateways set 2 --max-channels 30\n',
  )
  perform(set, terminal, ended, async (context, [id]) => {
    const changes = await fieldsOf(set.opts(), terminal)
    if (Object.keys(changes).length === 0) {
      throw new CliFault(
        EXIT.badInput,
        'BAD_INPUT',
        'nothing to change was given: `strowger gateways set --help` lists the fields',
      )
    }
    context.tell(await context.engine.send('PUT', `/v1/gateways/${String(id)}`, changes))
    context.say(`gateway ${String(id)} changed`)
    return EXIT.ok
  })

  const remove = gateways
    .command('remove')
    .argument('<id>', 'which gateway', recordId)
    .description('remove a gateway')
  perform(remove, terminal, ended, async (context, [id]) => {
    context.tell(await context.engine.send('DELETE', `/v1/gateways/${String(id)}`))
    context.say(`gateway ${String(id)} removed`)
    return EXIT.ok
  })

  const list = gateways.command('list').description('list the gateways')
  perform(list, terminal, ended, async (context) => {
    const answer = await context.engine.get('/v1/gateways')
    context.tell(answer)
    const rows = listOf(answer, 'gateways').map(gatewayRow)
    const titles = ['ID', 'NAME', 'CARRIER', 'ADDRESS', 'USER', 'CALLS', 'CODECS', '']
    context.say(...(rows.length === 0 ? ['no gateways'] : table(titles, rows)))
    return EXIT.ok
  })
}

const withFields = (command: Command, adding: boolean): Command => {
  const need = (flags: string, describe: string, parse?: (text: string) => unknown): void => {
    const option = new Option(flags, describe).makeOptionMandatory(adding)
    command.addOption(parse === undefined ? option : option.argParser(parse))
  }
  need('--carrier <id>', 'its carrier', recordId)
  need('--name <name>', 'its name')
  need('--hostname <host>', "host name or address of the carrier's SIP edge")
  return command
    .option('--port <port>', 'its port (5060)', wholeNumber(1, 65_535))
    .addOption(new Option('--transport <transport>', 'how SIP is sent').choices(['udp', 'tcp', 'tls']))
    .option('--username <name>', 'user name, where the carrier asks for one')
    .option('--password <password>', 'its password; others on this host can read a command line, so better:')
    .option('--password-stdin', 'read the password from standard input')
    .option('--realm <realm>', 'the realm of the challenge, where it is not the host name')
    .option('--register', 'register at the carrier')
    .option('--no-register', 'do not')
    .option('--codecs <names>', 'codecs in order of preference, with commas', commas)
    .option('--max-channels <count>', 'calls at once at the most', wholeNumber(1, 1_000_000))
    .option('--ping <seconds>', 'seconds between OPTIONS', wholeNumber(5, 86_400))
    .option('--inbound <ranges>', 'addresses from which it may call us, in CIDR form with commas', commas)
    .option('--emergency', 'emergency calls may leave through it')
    .option('--no-emergency', 'they may not')
    .option('--enable', 'use it')
    .option('--disable', 'do not use it')
}

type FieldOptions = {
  readonly carrier?: number
  readonly name?: string
  readonly hostname?: string
  readonly port?: number
  readonly transport?: string
  readonly username?: string
  readonly password?: string
  readonly passwordStdin?: boolean
  readonly realm?: string
  readonly register?: boolean
  readonly codecs?: readonly string[]
  readonly maxChannels?: number
  readonly ping?: number
  readonly inbound?: readonly string[]
  readonly emergency?: boolean
  readonly enable?: boolean
  readonly disable?: boolean
}

const fieldsOf = async (options: FieldOptions, terminal: Terminal): Promise<Json> => {
  const password =
    options.passwordStdin === true ? (await terminal.readInput()).replace(/\r?\n$/, '') : options.password
  if ((password === undefined) !== (options.username === undefined)) {
    throw new CliFault(
      EXIT.badInput,
      'BAD_INPUT',
      '--username and a password go together: give both, or neither',
    )
  }
  const fields: Json = {
    carrierId: options.carrier,
    name: options.name,
    hostname: options.hostname,
    port: options.port,
    transport: options.transport,
    credentials:
      password === undefined ? undefined : { username: options.username, password, realm: options.realm },
    register: options.register,
    codecs: options.codecs,
    maxChannels: options.maxChannels,
    pingSeconds: options.ping,
    inboundCidrs: options.inbound,
    carriesEmergency: options.emergency,
    enabled: options.disable === true ? false : options.enable,
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

const commas = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

const gatewayRow = (gateway: Json): readonly string[] => [
  textOf(gateway, 'id'),
  textOf(gateway, 'name'),
  textOf(gateway, 'carrierId'),
  `${textOf(gateway, 'transport')}:${textOf(gateway, 'hostname')}:${textOf(gateway, 'port')}`,
  textOf(childOf(gateway, 'credentials') ?? {}, 'username'),
  numberOf(gateway, 'maxChannels') === undefined ? 'any' : textOf(gateway, 'maxChannels'),
  textsOf(gateway, 'codecs').join(','),
  onOff(gateway),
]

const onOff = (row: Json): string => (flagOf(row, 'enabled') ? '' : 'disabled')
