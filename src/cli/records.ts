/** `strowger carriers`, `gateways`, `users` and so on: list, add, set and remove, for each kind of record. */
import { Option, type Command } from 'commander'
import { perform, recordId, type Terminal } from './context.ts'
import { CliFault, EXIT } from './fault.ts'
import { table } from './format.ts'
import { flagOf, listOf, objectOf, textOf, type Json } from './json.ts'
import type { Field, RecordKind } from './record-fields.ts'
import { RECORD_KINDS } from './record-kinds.ts'

export const addRecords = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  for (const kind of RECORD_KINDS) addKind(program, kind, terminal, ended)
}

const addKind = (
  program: Command,
  kind: RecordKind,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const { path, key, word, plural = 's' } = kind
  const group = program.command(path).description(kind.describe)

  const list = group
    .command('list')
    .description(`list the ${word}${plural}`)
    .option('--organization <id>', 'only what is for an organisation', recordId)
  perform(list, terminal, ended, async (context) => {
    const answer = await context.engine.get(`/v1/${path}`, list.opts<{ organization?: number }>())
    context.tell(answer)
    const titles = ['ID', ...kind.columns.map(([title]) => title), '']
    const rows = listOf(answer, `${key}${plural}`).map((row) => [
      textOf(row, 'id'),
      ...kind.columns.map(([, cell]) => cell(row)),
      flagOf(row, 'enabled') ? '' : 'disabled',
    ])
    context.say(...(rows.length === 0 ? [`no ${word}${plural}`] : table(titles, rows)))
    return EXIT.ok
  })

  const add = withOptions(group.command('add').description(`add a ${word}`), kind, true)
  perform(add, terminal, ended, async (context) => {
    const answer = await context.engine.send('POST', `/v1/${path}`, await bodyOf(kind, add, terminal))
    context.tell(answer)
    context.say(`${word} ${textOf(objectOf(answer[key]), 'id')} added`)
    return EXIT.ok
  })

  const set = withOptions(
    group
      .command('set')
      .argument('<id>', `which ${word}`, recordId)
      .description(`change a ${word}: the fields that are given`),
    kind,
    false,
  )
  perform(set, terminal, ended, async (context, [id]) => {
    const changes = await bodyOf(kind, set, terminal)
    if (Object.keys(changes).length === 0)
      throw badInput(`nothing to change was given: \`strowger ${path} set --help\` lists the fields`)
    context.tell(await context.engine.send('PUT', `/v1/${path}/${String(id)}`, changes))
    context.say(`${word} ${String(id)} changed`)
    return EXIT.ok
  })

  const remove = group
    .command('remove')
    .argument('<id>', `which ${word}`, recordId)
    .description(`remove a ${word} that nothing needs any more`)
  perform(remove, terminal, ended, async (context, [id]) => {
    context.tell(await context.engine.send('DELETE', `/v1/${path}/${String(id)}`))
    context.say(`${word} ${String(id)} removed`)
    return EXIT.ok
  })
}

const withOptions = (command: Command, kind: RecordKind, adding: boolean): Command => {
  for (const field of kind.fields) if (adding || field.stays !== true) addField(command, field, adding)
  if (kind.credentials !== undefined) {
    const own = kind.credentials === 'fields' && adding
    command
      .addOption(new Option('--username <name>', 'its user name').makeOptionMandatory(own))
      .addOption(
        new Option('--password-stdin', 'read the password from standard input').makeOptionMandatory(own),
      )
    if (kind.credentials === 'object') {
      command.option('--realm <realm>', 'the realm of the challenge, where it is not the host name')
      if (!adding) command.option('--no-credentials', 'the carrier knows us by our address')
    }
  }
  command.option('--enable', 'use it').option('--disable', 'do not use it')
  const examples = kind.examples.filter((line) => line.startsWith(`${kind.path} ${command.name()} `))
  if (examples.length > 0) {
    const lines = examples.map((line) => `  strowger ${line}`).join('\n')
    command.addHelpText('after', `\nExample${examples.length === 1 ? '' : 's'}:\n${lines}\n`)
  }
  return command
}

const addField = (command: Command, field: Field, adding: boolean): void => {
  const name = optionOf(field)
  if (field.takes === undefined) {
    command.option(`--${name}`, field.describe).option(`--no-${name}`, 'do not, or no more')
    return
  }
  const { parse = (text: string): unknown => text, canBeEmpty = false, choices, repeats } = field
  const describe = canBeEmpty && !adding ? `${field.describe}; none empties it` : field.describe
  const option = new Option(`--${name} <${field.takes}>`, describe)
  if (choices !== undefined) option.choices(choices)
  else
    option.argParser((text, before: unknown) => {
      if (canBeEmpty && text === 'none') return EMPTY
      return repeats === true ? [...(Array.isArray(before) ? (before as unknown[]) : []), text] : parse(text)
    })
  command.addOption(option.makeOptionMandatory(adding && field.needed === true))
}

/** What `none` is until it is sent: commander makes a null an empty text. */
const EMPTY = Symbol('empty')

/** `sipDomain` as `sip-domain`. */
const optionOf = ({ key, option }: Field): string =>
  option ?? key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** What the options say, by its names in the API. */
const bodyOf = async (kind: RecordKind, command: Command, terminal: Terminal): Promise<Json> => {
  const options: Readonly<Record<string, unknown>> = command.opts()
  const body: Record<string, unknown> = {}
  for (const field of kind.fields) {
    const attribute = new Option(`--${optionOf(field)}`).attributeName()
    const value = options[attribute]
    if (value !== undefined) put(body, field.key, value === EMPTY ? null : value)
  }
  if (options['disable'] === true) body['enabled'] = false
  else if (options['enable'] === true) body['enabled'] = true
  const { username, realm } = options
  const password =
    options['passwordStdin'] === true ? (await terminal.readInput()).replace(/\r?\n$/, '') : undefined
  if (kind.credentials === 'fields') {
    if (username !== undefined) body['username'] = username
    if (password !== undefined) body['password'] = password
  } else if (options['credentials'] === false) body['credentials'] = null
  else if (username !== undefined || password !== undefined || realm !== undefined) {
    if (username === undefined || password === undefined)
      throw badInput('--username and --password-stdin go together: give both, or neither')
    body['credentials'] = { username, password, realm }
  }
  return body
}

/** `failover.next` is the field `next` of the object `failover`. */
const put = (body: Record<string, unknown>, key: string, value: unknown): void => {
  const [outer = '', inner] = key.split('.')
  body[outer] = inner === undefined ? value : { ...objectOf(body[outer]), [inner]: value }
}

const badInput = (message: string, cause?: unknown): CliFault =>
  new CliFault(EXIT.badInput, 'BAD_INPUT', message, cause)
