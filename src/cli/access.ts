/** `strowger api-keys`, `oauth-clients` and `secrets`: who may call the API, and what the secrets stand under. */
import { Option, type Command } from 'commander'
import { momentText, perform, recordId, type Terminal } from './context.ts'
import { EXIT } from './fault.ts'
import { dayTime, table } from './format.ts'
import { listOf, numberOf, objectOf, textOf, textsOf, timeOf, type Json } from './json.ts'
import { commas } from './record-fields.ts'

export const addAccess = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  for (const kind of KINDS) addKind(program, kind, terminal, ended)
  addSecrets(program, terminal, ended)
}

type Kind = {
  readonly path: string
  readonly word: string
  readonly describe: string
  /** Its key in answers; a list's has an s behind it. */
  readonly one: string
  /** What finds it, and the key of the secret in the answer that adds one. */
  readonly name: string
  readonly secret: string
  /** What of it is told beside its secret when it is added. */
  readonly told: (row: Json) => readonly string[]
  readonly removal: string
  readonly removed: string
  readonly expires: boolean
  readonly example: string
}

const KINDS: readonly Kind[] = [
  {
    path: 'api-keys',
    word: 'API key',
    describe: 'keys with which programs call this API',
    one: 'apiKey',
    name: 'prefix',
    secret: 'key',
    told: () => [],
    removal: 'revoke',
    removed: 'revoked',
    expires: true,
    example: 'api-keys add --organization 1 --name CRM --scopes calls:write,cdrs:read --expires 2027-12-31',
  },
  {
    path: 'oauth-clients',
    word: 'OAuth client',
    describe: 'programs that fetch tokens from /oauth/token',
    one: 'oauthClient',
    name: 'clientId',
    secret: 'clientSecret',
    told: (row) => [`  client_id      ${textOf(row, 'clientId')}`],
    removal: 'remove',
    removed: 'removed',
    expires: false,
    example: 'oauth-clients add --organization 1 --name Billing --scopes cdrs:read',
  },
]

const addKind = (
  program: Command,
  kind: Kind,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const { path, word, one } = kind
  const group = program.command(path).description(kind.describe)

  const list = group
    .command('list')
    .description(`list the ${word}s, without their secrets`)
    .option('--organization <id>', 'only those of an organisation', recordId)
  perform(list, terminal, ended, async (context) => {
    const answer = await context.engine.get(`/v1/${path}`, list.opts<{ organization?: number }>())
    context.tell(answer)
    const rows = listOf(answer, `${one}s`).map((row) => [
      textOf(row, 'id'),
      textOf(row, 'organizationId') || 'platform',
      textOf(row, kind.name),
      textOf(row, 'name'),
      textsOf(row, 'scopes').join(','),
      when(row, 'lastUsedAt', 'never'),
      stateOf(row),
    ])
    context.say(
      ...(rows.length === 0
        ? [`no ${word}s`]
        : table(['ID', 'ORGANISATION', 'BEGINS', 'NAME', 'SCOPES', 'LAST USED', ''], rows)),
    )
    return EXIT.ok
  })

  const add = group
    .command('add')
    .description(`make an ${word}; its secret is told once, here`)
    .addOption(new Option('--name <name>', 'what it is for').makeOptionMandatory())
    .addOption(
      new Option('--scopes <scopes>', 'what it may do, joined by commas')
        .argParser(commas)
        .makeOptionMandatory(),
    )
    .option('--organization <id>', 'its organisation; without it, the platform', recordId)
  if (kind.expires)
    add.addOption(new Option('--expires <moment>', 'when it ends').argParser(momentText(() => Date.now())))
  add.addHelpText(
    'after',
    `\nScopes: calls:read, calls:write, calls:supervise, events:read, cdrs:read, recordings:read,\nrecordings:write, records:read, records:write, routing:read, routing:write, webhooks:read,\nwebhooks:write; for the platform alone platform:read and platform:write.\n\nExample:\n  strowger ${kind.example}\n`,
  )
  perform(add, terminal, ended, async (context) => {
    const { organization, expires, ...rest } = add.opts<{
      name: string
      scopes: readonly string[]
      organization?: number
      expires?: string
    }>()
    const answer = await context.engine.send('POST', `/v1/${path}`, {
      ...rest,
      ...(organization !== undefined && { organizationId: organization }),
      ...(expires !== undefined && { expiresAt: expires }),
    })
    context.tell(answer)
    const row = objectOf(answer[one])
    context.say(
      `${word} ${textOf(row, 'id')} added. Its secret is told only now:`,
      ...kind.told(row),
      `  ${kind.secret === 'key' ? 'key           ' : 'client_secret '} ${textOf(answer, kind.secret)}`,
    )
    return EXIT.ok
  })

  const remove = group
    .command(kind.removal)
    .argument('<id>', `which ${word}`, recordId)
    .description(`${kind.removal} an ${word}, at once and for good`)
  perform(remove, terminal, ended, async (context, [id]) => {
    context.tell(await context.engine.send('DELETE', `/v1/${path}/${String(id)}`))
    context.say(`${word} ${String(id)} ${kind.removed}`)
    return EXIT.ok
  })
}

const when = (row: Json, key: string, otherwise: string): string => {
  const at = timeOf(row, key)
  return at === undefined ? otherwise : dayTime(at)
}

const stateOf = (row: Json): string => {
  if (timeOf(row, 'revokedAt') !== undefined) return 'revoked'
  const end = timeOf(row, 'expiresAt')
  return end === undefined ? '' : `${end <= Date.now() ? 'ended' : 'until'} ${dayTime(end)}`
}

const addSecrets = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const secrets = program.command('secrets').description('secrets in the database, and the master key')

  const count = secrets.command('count').description('tell how many secrets stand under which master key')
  perform(count, terminal, ended, async (context) => {
    const answer = await context.engine.get('/v1/secrets')
    context.tell(answer)
    const rows = listOf(answer, 'secrets').map((row) => [
      `${textOf(row, 'table')}.${textOf(row, 'column')}`,
      textOf(row, 'current'),
      textOf(row, 'old'),
    ])
    context.say(...table(['SECRETS', 'UNDER THE MASTER KEY', 'UNDER OTHERS'], rows))
    return EXIT.ok
  })

  const rotate = secrets
    .command('rotate')
    .description('bring every secret under the master key; exit code 1 where one could not be read')
    .addHelpText('after', ROTATION)
  perform(rotate, terminal, ended, async (context) => {
    const answer = await context.engine.send('POST', '/v1/secrets/rotate')
    context.tell(answer)
    const unreadable = numberOf(answer, 'unreadable') ?? 0
    const rows = listOf(answer, 'secrets').map((row) => [
      `${textOf(row, 'table')}.${textOf(row, 'column')}`,
      textOf(row, 'rotated'),
      textOf(row, 'unreadable'),
    ])
    context.say(
      ...table(['SECRETS', 'RE-ENCRYPTED', 'UNREADABLE'], rows),
      `${textOf(answer, 'rotated')} secrets were brought under the master key`,
      ...(unreadable === 0
        ? []
        : [`${unreadable} could not be read: add the key that encrypted them to STROWGER_MASTER_KEYS_OLD`]),
    )
    return unreadable === 0 ? EXIT.ok : EXIT.failed
  })
}

const ROTATION = `
How a master key is changed, while calls go on:
  1. openssl rand -hex 32 makes the new key. With several engines, give it to each of them first as
     STROWGER_MASTER_KEYS_OLD and start them again: what one encrypts the others must open.
  2. Give each engine the new key as STROWGER_MASTER_KEY and the old one as STROWGER_MASTER_KEYS_OLD (where none was
     set, the old one is the content of master-key in the data directory), and start it again.
  3. strowger secrets rotate
  4. When \`strowger secrets count\` tells 0 under others, take STROWGER_MASTER_KEYS_OLD away. Keep the old key with
     backups that were made before.
What is cut off in the middle is done by running it again.
`
