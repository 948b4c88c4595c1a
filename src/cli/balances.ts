/** `strowger balances`: who pays in advance, how much is there, and where it went. */
import { Argument, InvalidArgumentError, type Command } from 'commander'
import { perform, recordId, wholeNumber, type Terminal } from './context.ts'
import { EXIT } from './fault.ts'
import { table } from './format.ts'
import { childOf, listOf, textOf, type Json } from './json.ts'
import { noneAsNull, orNone } from './none.ts'

const amount = (text: string): string => {
  if (/^\d{1,8}(\.\d{1,8})?$/.test(text)) return text
  throw new InvalidArgumentError('It takes an amount such as 250 or 99.50.')
}

const signed = (text: string): string => {
  if (/^[+-]?\d{1,8}(\.\d{1,8})?$/.test(text)) return text.replace(/^\+/, '')
  throw new InvalidArgumentError('It takes an amount such as 1.50 or -0.50.')
}

export const addBalances = (
  program: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const balances = program
    .command('balances')
    .description('what organisations and users have paid in advance, and what calls took of it')
  const whose = (): Argument => new Argument('<whose>', 'whose balance').choices(['organization', 'user'])
  const pathOf = (kind: string, id: string): string => `/v1/${kind}s/${recordId(id)}/balance`

  const list = balances
    .command('list')
    .description('every balance')
    .option('--organization <id>', 'only those of an organisation', recordId)
  perform(list, terminal, ended, async (context) => {
    const { organization }: { organization?: number } = list.opts()
    const answer = await context.engine.get('/v1/balances', { organization })
    context.tell(answer)
    const found = listOf(answer, 'balances')
    if (found.length === 0) context.say('nobody pays in advance')
    else context.say(...table(HEAD, found.map(row)))
    return EXIT.ok
  })

  const show = balances
    .command('show')
    .addArgument(whose())
    .argument('<id>', 'its id', recordId)
    .description('a balance, and what calls have reserved of it')
    .addHelpText('after', '\nExample:\n  strowger balances show organization 1\n')
  perform(show, terminal, ended, async (context, [kind = '', id = '']) => {
    const answer = await context.engine.get(pathOf(kind, id))
    context.tell(answer)
    context.say(...table(HEAD, [row(childOf(answer, 'balance') ?? {})]))
    return EXIT.ok
  })

  const open = balances
    .command('open')
    .addArgument(whose())
    .argument('<id>', 'its id', recordId)
    .description('from now on its calls are paid for in advance')
    .option('--low <amount>', 'below which balance.low is told; none: never', orNone(amount))
    .addHelpText(
      'after',
      '\nExamples:\n  strowger balances open organization 1 --low 5\n  strowger balances top-up organization 1 20 --key invoice-2026-0117\n\nWithout money nothing but emergency calls and free destinations is dialled.\n',
    )
  perform(open, terminal, ended, async (context, [kind = '', id = '']) => {
    const { low } = noneAsNull(open.opts())
    const body = low === undefined ? {} : { lowThreshold: low }
    const answer = await context.engine.send('PUT', pathOf(kind, id), body)
    context.tell(answer)
    context.say(...table(HEAD, [row(childOf(answer, 'balance') ?? {})]))
    return EXIT.ok
  })

  const close = balances
    .command('close')
    .addArgument(whose())
    .argument('<id>', 'its id', recordId)
    .description('from now on its calls are paid for afterwards; its entries stay')
  perform(close, terminal, ended, async (context, [kind = '', id = '']) => {
    context.tell(await context.engine.send('DELETE', pathOf(kind, id)))
    context.say(`${kind} ${id} pays afterwards`)
    return EXIT.ok
  })

  const topUp = balances
    .command('top-up')
    .addArgument(whose())
    .argument('<id>', 'its id', recordId)
    .argument('<amount>', 'what is paid, in the currency of the organisation', amount)
    .description('book a payment; calls that are up go on with it')
    .requiredOption(
      '--key <key>',
      'what makes it one payment however often it is sent: the number of an invoice',
    )
    .option('--note <text>', 'a note')
    .addHelpText(
      'after',
      '\nExample:\n  strowger balances top-up organization 1 20 --key invoice-2026-0117\n\nThe same key again books nothing, and tells what it booked.\n',
    )
  perform(topUp, terminal, ended, async (context, [kind = '', id = '', paid = '']) => {
    const { key, note }: { key?: string; note?: string } = topUp.opts()
    const answer = await context.engine.send('POST', `${pathOf(kind, id)}/top-ups`, {
      amount: paid,
      key,
      note,
    })
    context.tell(answer)
    context.say(sumOf(answer))
    return EXIT.ok
  })

  const adjust = balances
    .command('adjust')
    .addArgument(whose())
    .argument('<id>', 'its id', recordId)
    .description('book an adjustment: give money, or take it')
    .requiredOption('--amount <amount>', 'such as 1.50 or -0.50', signed)
    .requiredOption('--key <key>', 'what makes it one booking however often it is sent')
    .option('--refund', 'it gives back what was taken')
    .option('--note <text>', 'why')
    .addHelpText(
      'after',
      '\nExample:\n  strowger balances adjust user 7 --amount -0.50 --key ticket-4411 --note "wrong credit of May"\n',
    )
  perform(adjust, terminal, ended, async (context, [kind = '', id = '']) => {
    const { refund, ...said }: { refund?: boolean } & Record<string, unknown> = adjust.opts()
    const answer = await context.engine.send('POST', `${pathOf(kind, id)}/adjustments`, {
      ...said,
      ...(refund === true ? { kind: 'refund' } : {}),
    })
    context.tell(answer)
    context.say(sumOf(answer))
    return EXIT.ok
  })

  const entries = balances
    .command('entries')
    .addArgument(whose())
    .argument('<id>', 'its id', recordId)
    .description('everything that was booked, newest first')
    .option('--limit <count>', 'how many at most', wholeNumber(1, 1_000))
    .option('--before <id>', 'only those older than this entry', recordId)
  perform(entries, terminal, ended, async (context, [kind = '', id = '']) => {
    const { limit, before }: { limit?: number; before?: number } = entries.opts()
    const answer = await context.engine.get(`${pathOf(kind, id)}/entries`, { limit, before })
    context.tell(answer)
    const found = listOf(answer, 'entries')
    if (found.length === 0) context.say('nothing was booked')
    else context.say(...table(ENTRY_HEAD, found.map(entryRow)))
    return EXIT.ok
  })
}

const sumOf = (answer: Json): string => {
  const balance = childOf(answer, 'balance') ?? {}
  return `the balance is ${textOf(balance, 'amount')} ${textOf(balance, 'currency')}`
}

const HEAD = ['ORGANISATION', 'USER', 'BALANCE', 'RESERVED', 'CURRENCY', 'LOW BELOW', 'SINCE']

const row = (balance: Json): readonly string[] => [
  textOf(balance, 'organizationId'),
  textOf(balance, 'userId') || 'all',
  textOf(balance, 'amount'),
  textOf(balance, 'reserved'),
  textOf(balance, 'currency'),
  textOf(balance, 'lowThreshold') || '-',
  textOf(balance, 'openedAt'),
]

const ENTRY_HEAD = ['ENTRY', 'WHEN', 'KIND', 'AMOUNT', 'KEY OR CALL', 'BY', 'NOTE']

const entryRow = (entry: Json): readonly string[] => [
  textOf(entry, 'id'),
  textOf(entry, 'at'),
  textOf(entry, 'kind'),
  textOf(entry, 'amount'),
  textOf(entry, 'key') || textOf(entry, 'callId'),
  textOf(entry, 'bookedBy') || '-',
  textOf(entry, 'note'),
]
