/** `strowger exchange-rates` and `strowger tax-rates`: what calls are rated by beside decks. */
import { readFile } from 'node:fs/promises'
import { InvalidArgumentError, type Command } from 'commander'
import { momentText, perform, recordId, wholeNumber, type Terminal } from './context.ts'
import { readExchangeFile, type FileRate } from './exchange-file.ts'
import { CliFault, EXIT, reasonOf } from './fault.ts'
import { dayTime, table } from './format.ts'
import { childOf, listOf, numberOf, textOf, timeOf, type Json } from './json.ts'

export const addRating = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  addExchangeRates(program, terminal, ended)
  addTaxRates(program, terminal, ended)
}

/** Rates a request: some hundred kilobytes. */
const CHUNK = 2_000

const currency = (text: string): string => {
  if (/^[A-Z]{3}$/.test(text)) return text
  throw new InvalidArgumentError('It takes a currency in ISO 4217, such as EUR.')
}

const day = (text: string): string => {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text
  throw new InvalidArgumentError('It takes a day such as 2026-11-20.')
}

const addExchangeRates = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const rates = program
    .command('exchange-rates')
    .description(
      'what currencies are worth, by day: carriers and customers may be in other ones than an organisation',
    )

  const list = rates
    .command('list')
    .description('the newest days first')
    .option('--base <code>', 'what one of this currency is worth', currency)
    .option('--currency <code>', 'in this one', currency)
    .option('--since <day>', 'from this day on', day)
    .option('--until <day>', 'up to this day', day)
    .option('--limit <count>', 'at most so many', wholeNumber(1, 10_000), 50)
  perform(list, terminal, ended, async (context) => {
    const answer = await context.engine.get('/v1/exchange-rates', list.opts())
    context.tell(answer)
    const found = listOf(answer, 'exchangeRates')
    if (found.length === 0) context.say('no exchange rates')
    else
      context.say(
        ...table(
          ['DAY', 'ONE', 'IS WORTH', ''],
          found.map((row) => [
            textOf(row, 'day'),
            textOf(row, 'base'),
            textOf(row, 'rate'),
            textOf(row, 'currency'),
          ]),
        ),
      )
    return EXIT.ok
  })

  const send = async (
    context: Parameters<Parameters<typeof perform>[3]>[0],
    all: readonly FileRate[],
  ): Promise<number> => {
    let written = 0
    for (let at = 0; at < all.length; at += CHUNK) {
      const answer = await context.engine.send('POST', '/v1/exchange-rates', {
        rates: all.slice(at, at + CHUNK),
      })
      written += numberOf(answer, 'written') ?? 0
    }
    context.tell({ success: true, read: all.length, written })
    context.say(`${all.length} rates, of which ${written} are new or other than before`)
    return EXIT.ok
  }

  const load = rates
    .command('import')
    .argument('<file>', 'a CSV file: date,currency,rate, or a column a currency')
    .description('take in a file; a rate that is there for its day is replaced, and no past call changes')
    .option('--base <code>', 'whose worth the rates are, where the file does not say', currency, 'EUR')
    .addHelpText(
      'after',
      `
The history of the European Central Bank (eurofxref-hist.csv) is read as it is. A call goes by the rate of its day in
UTC, or by the last before it that is at most EXCHANGE_RATE_MAX_DAYS older; calls of the past that found none are
converted by "strowger cdrs rerate".

Example:
  strowger exchange-rates import eurofxref-hist.csv
`,
    )
  perform(load, terminal, ended, async (context, [file = '']) => {
    const { base }: { base: string } = load.opts()
    return send(context, readExchangeFile(await readText(file), base))
  })

  const set = rates
    .command('set')
    .argument('<day>', 'such as 2026-11-20', day)
    .argument('<base>', 'one of this currency', currency)
    .argument('<currency>', 'is worth so many of this', currency)
    .argument('<rate>', 'a decimal such as 1.0862')
    .description('one rate')
    .addHelpText('after', '\nExample:\n  strowger exchange-rates set 2026-11-20 EUR USD 1.0862\n')
  perform(set, terminal, ended, (context, [on = '', base = '', other = '', rate = '']) =>
    send(context, [{ day: on, base, currency: other, rate }]),
  )

  const remove = rates
    .command('remove')
    .argument('<day>', 'such as 2026-11-20', day)
    .argument('<base>', 'one currency', currency)
    .argument('<currency>', 'the other', currency)
    .description('remove the rate of a day; calls go by the one before')
  perform(remove, terminal, ended, async (context, [on = '', base = '', other = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/exchange-rates/${base}/${other}/${on}`))
    context.say(`removed ${base} in ${other} for ${on}`)
    return EXIT.ok
  })
}

const addTaxRates = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const taxes = program
    .command('tax-rates')
    .description('taxes on what is sold; the narrowest that fits a call is taken, on top of its price')
  const moment = momentText(() => Date.now())

  const list = taxes
    .command('list')
    .description('every tax rate')
    .option('--organization <id>', 'only those that an organisation pays', recordId)
  perform(list, terminal, ended, async (context) => {
    const answer = await context.engine.get('/v1/tax-rates', list.opts())
    context.tell(answer)
    const found = listOf(answer, 'taxRates')
    if (found.length === 0) context.say('no tax rates')
    else context.say(...table(TAX_HEAD, found.map(taxRow)))
    return EXIT.ok
  })

  const add = taxes
    .command('add')
    .description('add a tax')
    .requiredOption('--name <name>', 'its name on invoices, such as VAT')
    .requiredOption('--percent <percent>', 'such as 7.7')
    .option('--organization <id>', 'of calls of an organisation; else of every one', recordId)
    .option('--country <code>', 'of calls to a country, such as GB; else to every one')
    .option('--from <when>', 'since when; else always', moment)
    .option('--until <when>', 'until before when; else for good', moment)
    .addHelpText(
      'after',
      '\nExamples:\n  strowger tax-rates add --name VAT --percent 20\n  strowger tax-rates add --organization 3 --country US --name "no VAT" --percent 0\n',
    )
  perform(add, terminal, ended, async (context) => {
    const { organization, from, until, ...rest }: Record<string, unknown> = add.opts()
    const answer = await context.engine.send('POST', '/v1/tax-rates', {
      ...rest,
      ...(organization !== undefined && { organizationId: organization }),
      ...(from !== undefined && { effectiveFrom: from }),
      ...(until !== undefined && { effectiveTo: until }),
    })
    context.tell(answer)
    context.say(...table(TAX_HEAD, [taxRow(childOf(answer, 'taxRate') ?? {})]))
    return EXIT.ok
  })

  const end = taxes
    .command('end')
    .argument('<id>', 'its id', recordId)
    .description('end a tax: calls from then on do not take it')
    .option('--at <when>', 'the first moment without it; else now', moment)
  perform(end, terminal, ended, async (context, [id = '']) => {
    const { at = new Date().toISOString() }: { at?: string } = end.opts()
    const answer = await context.engine.send('POST', `/v1/tax-rates/${recordId(id)}/end`, { effectiveTo: at })
    context.tell(answer)
    context.say(...table(TAX_HEAD, [taxRow(childOf(answer, 'taxRate') ?? {})]))
    return EXIT.ok
  })

  const remove = taxes
    .command('remove')
    .argument('<id>', 'its id', recordId)
    .description('remove a tax, as if it had never been; records keep what they were made with')
  perform(remove, terminal, ended, async (context, [id = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/tax-rates/${recordId(id)}`))
    context.say(`tax rate ${id} is removed`)
    return EXIT.ok
  })
}

const TAX_HEAD = ['ID', 'NAME', 'PERCENT', 'ORGANISATION', 'COUNTRY', 'FROM', 'UNTIL']

const taxRow = (tax: Json): readonly string[] => {
  const when = (key: string): string => {
    const at = timeOf(tax, key)
    return at === undefined ? '-' : dayTime(at)
  }
  return [
    textOf(tax, 'id'),
    textOf(tax, 'name'),
    textOf(tax, 'percent'),
    textOf(tax, 'organizationId') || 'all',
    textOf(tax, 'country') || 'all',
    when('effectiveFrom'),
    when('effectiveTo'),
  ]
}

const readText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (fault) {
    throw new CliFault(EXIT.badInput, 'BAD_INPUT', `${file} cannot be read: ${reasonOf(fault)}`, fault)
  }
}
