/** `strowger decks`: price lists in, looked at, published, taken back, and out again. */
import { Option, type Command } from 'commander'
import { momentText, perform, recordId, type Terminal } from './context.ts'
import { addDeckImport, ownedBy, ownerOptions } from './deck-import.ts'
import { liveLine } from './deck-report.ts'
import { CliFault, EXIT } from './fault.ts'
import { dayTime, table } from './format.ts'
import { writeWhole } from './write-whole.ts'
import { childOf, listOf, objectOf, plain, textOf, timeOf, type Json } from './json.ts'
import { addressOf } from './token.ts'
import { download } from './upload.ts'

export const addDecks = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const decks = program
    .command('decks')
    .description('rate decks: what carriers charge, and what customers pay')
  addDeckImport(decks, terminal, ended)

  const list = decks
    .command('list')
    .description('list the rate decks with their versions')
    .option('--carrier <code>', 'only those of a carrier, by its code or id')
    .option('--customer <id>', 'only those for an organisation that we sell to', recordId)
    .addOption(new Option('--state <state>', 'only those in this state').choices(STATES))
    .addHelpText(
      'after',
      '\nExamples:\n  strowger decks list\n  strowger decks list --carrier alpha --state published\n',
    )
  perform(list, terminal, ended, async (context) => {
    const options: ListOptions = list.opts()
    const answer = await context.engine.get('/v1/rate-decks')
    const found = listOf(answer, 'rateDecks').filter((deck) => isWanted(deck, options))
    context.tell({ ...answer, rateDecks: found })
    context.say(...(found.length === 0 ? ['no rate decks'] : table(TITLES, found.map(cellsOf), 160)))
    return EXIT.ok
  })

  const show = decks
    .command('show')
    .argument('<id>', 'which deck', recordId)
    .description('show one rate deck')
  perform(show, terminal, ended, async (context, [id = '']) => {
    const answer = await context.engine.get(`/v1/rate-decks/${id}`)
    context.tell(answer)
    context.say(...describe(objectOf(answer['rateDeck'])))
    return EXIT.ok
  })

  const publish = decks
    .command('publish')
    .argument('<id>', 'which deck', recordId)
    .description('publish a draft: it counts from its own dates on')
  perform(publish, terminal, ended, async (context, [id = '']) => {
    const answer = await context.engine.send('POST', `/v1/rate-decks/${id}/publish`)
    context.tell(answer)
    context.say(`rate deck ${id} is published, ${liveLine(answer)}`)
    return EXIT.ok
  })

  const withdraw = decks
    .command('withdraw')
    .argument('<id>', 'which deck', recordId)
    .description('take a published deck back: what it replaced counts again')
  perform(withdraw, terminal, ended, async (context, [id = '']) => {
    const answer = await context.engine.send('POST', `/v1/rate-decks/${id}/withdraw`)
    context.tell(answer)
    context.say(`rate deck ${id} is withdrawn, ${liveLine(answer)}`)
    return EXIT.ok
  })

  const rollback = ownedBy(
    decks
      .command('rollback')
      .description('take the newest deck of a carrier or customer back: the version before it counts again'),
  ).addHelpText('after', '\nExample:\n  strowger decks rollback --carrier alpha\n')
  perform(rollback, terminal, ended, async (context) => {
    const answer = await context.engine.send('POST', `/v1/rate-decks/rollback?${ownerQuery(rollback)}`)
    context.tell(answer)
    const current = childOf(answer, 'current')
    context.say(
      `taken back: ${nameOf(objectOf(answer['withdrawn']))}`,
      `${current === undefined ? 'there is no version before it: no rates are left' : `counts again: ${nameOf(current)}`}, ${liveLine(answer)}`,
    )
    return EXIT.ok
  })

  addExport(decks, terminal, ended)
  addSet(decks, terminal, ended)

  const remove = decks
    .command('remove')
    .argument('<id>', 'which deck', recordId)
    .description('remove a deck with its rates for good; `withdraw` only takes it back')
  perform(remove, terminal, ended, async (context, [id = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/rate-decks/${id}`))
    context.say(`rate deck ${id} removed`)
    return EXIT.ok
  })
}

const STATES = ['draft', 'published', 'withdrawn'] as const

type ListOptions = { readonly carrier?: string; readonly customer?: number; readonly state?: string }

const isWanted = (deck: Json, { carrier, customer, state }: ListOptions): boolean =>
  (carrier === undefined || textOf(deck, 'carrier') === carrier || textOf(deck, 'carrierId') === carrier) &&
  (customer === undefined || textOf(deck, 'organizationId') === String(customer)) &&
  (state === undefined || textOf(deck, 'state') === state)

const TITLES = ['ID', 'OWNER', 'VERSION', 'STATE', 'NAME', 'RATES', 'CURRENCY', 'FROM', 'UNTIL']

const cellsOf = (deck: Json): readonly string[] => [
  textOf(deck, 'id'),
  ownerOf(deck),
  textOf(deck, 'version'),
  textOf(deck, 'state'),
  textOf(deck, 'name'),
  textOf(deck, 'rateCount'),
  textOf(deck, 'currency'),
  momentOf(deck, 'effectiveFrom'),
  momentOf(deck, 'effectiveTo'),
]

const ownerOf = (deck: Json): string => {
  const carrier = textOf(deck, 'carrier') || textOf(deck, 'carrierId')
  return carrier === '' ? `customer ${textOf(deck, 'organizationId')}` : carrier
}

const momentOf = (deck: Json, field: string): string => {
  const moment = timeOf(deck, field)
  return moment === undefined ? '' : dayTime(moment)
}

const nameOf = (deck: Json): string =>
  `rate deck ${textOf(deck, 'id')}, version ${textOf(deck, 'version')} of ${ownerOf(deck)} (${textOf(deck, 'name')})`

const describe = (deck: Json): readonly string[] => {
  const rows: readonly (readonly [string, string])[] = [
    ['name', textOf(deck, 'name')],
    ['owner', ownerOf(deck)],
    ['state', textOf(deck, 'state')],
    ['version', textOf(deck, 'version')],
    ['replaces', deck['replaces'] === true ? 'all versions before it' : 'nothing: it adds to what there is'],
    ['currency', textOf(deck, 'currency')],
    ['rates', textOf(deck, 'rateCount')],
    ['from', momentOf(deck, 'effectiveFrom')],
    ['until', momentOf(deck, 'effectiveTo')],
    ['file', textOf(deck, 'source')],
    ['written', momentOf(deck, 'createdAt')],
    ['published', momentOf(deck, 'publishedAt')],
    ['withdrawn', momentOf(deck, 'withdrawnAt')],
  ]
  return [
    `rate deck ${textOf(deck, 'id')}`,
    ...rows.filter(([, value]) => value !== '').map(([title, value]) => `  ${title.padEnd(10)}${value}`),
  ]
}

const ownerQuery = (command: Command): string => {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(ownerOptions(command))) query.set(name, String(value))
  return query.toString()
}

const addSet = (decks: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const moment = momentText(() => Date.now())
  const set = decks
    .command('set')
    .argument('<id>', 'which deck', recordId)
    .description('change the name of a deck, or when its rates count that have no dates of their own')
    .option('--name <name>', 'its name')
    .option('--from <when>', 'counts from then on', moment)
    .option('--until <when>', 'counts until before then; none takes the end away', (text) =>
      text === 'none' ? text : moment(text),
    )
    .addHelpText('after', '\nExample:\n  strowger decks set 12 --until 2027-01-01\n')
  perform(set, terminal, ended, async (context, [id = '']) => {
    const { name, from, until }: { name?: string; from?: string; until?: string } = set.opts()
    if (name === undefined && from === undefined && until === undefined)
      throw new CliFault(EXIT.badInput, 'BAD_INPUT', 'nothing to change was given: --name, --from or --until')
    const changes = { name, effectiveFrom: from, effectiveTo: until === 'none' ? null : until }
    context.tell(await context.engine.send('PUT', `/v1/rate-decks/${id}`, changes))
    context.say(`rate deck ${id} changed`)
    return EXIT.ok
  })
}

const addExport = (decks: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const command = decks
    .command('export')
    .argument('<id>', 'which deck', recordId)
    .description('write a deck as CSV, which imports to the same rates')
    .option('--out <file>', 'into a file, which is replaced; else to standard output')
    .addHelpText('after', '\nExample:\n  strowger decks export 12 --out alpha.csv\n')
  perform(command, terminal, ended, async (context, [id = '']) => {
    const { out }: { out?: string } = command.opts()
    const pieces = download(addressOf(command.optsWithGlobals(), terminal), {
      path: `/v1/rate-decks/${id}/export`,
      signal: terminal.interrupt,
    })
    if (out === undefined) {
      const utf8 = new TextDecoder()
      for await (const piece of pieces) terminal.out(utf8.decode(piece, { stream: true }))
      return EXIT.ok
    }
    const bytes = await writeWhole(out, pieces, 0o666)
    context.tell({ success: true, file: out, bytes })
    context.say(`rate deck ${id} written to ${plain(out)}`)
    return EXIT.ok
  })
}
