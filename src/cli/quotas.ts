/** `strowger quotas`: how much organisations and users may call, and how much they do. */
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

const premiumRate = (text: string): string => {
  if (text === 'allow' || text === 'block') return text
  throw new InvalidArgumentError('It takes allow, block or none.')
}

export const addQuotas = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const quotas = program
    .command('quotas')
    .description('how much organisations and their users may call, and how much they do now')
  const whose = (): Argument => new Argument('<whose>', 'whose quota').choices(['organization', 'user'])

  const list = quotas
    .command('list')
    .description('every quota with its use')
    .option('--organization <id>', 'only those of an organisation', recordId)
  perform(list, terminal, ended, async (context) => {
    const { organization }: { organization?: number } = list.opts()
    const answer = await context.engine.get('/v1/quotas', { organization })
    context.tell(answer)
    const found = listOf(answer, 'quotas')
    if (found.length === 0) context.say('no quotas')
    else context.say(...table(HEAD, found.map(row)))
    return EXIT.ok
  })

  const show = quotas
    .command('show')
    .addArgument(whose())
    .argument('<id>', 'its id', recordId)
    .description('a quota and its use')
    .addHelpText('after', '\nExample:\n  strowger quotas show user 7\n')
  perform(show, terminal, ended, async (context, [kind = '', id = '']) => {
    const answer = await context.engine.get(`/v1/${kind}s/${recordId(id)}/quota`)
    context.tell(answer)
    context.say(...table(HEAD, [row(childOf(answer, 'quota') ?? {})]))
    return EXIT.ok
  })

  const set = quotas
    .command('set')
    .addArgument(whose())
    .argument('<id>', 'its id', recordId)
    .description('set limits; none takes one away')
    .option('--calls-per-second <count>', 'new calls in any second', orNone(wholeNumber(0, 10_000)))
    .option('--concurrent-calls <count>', 'calls at once', orNone(wholeNumber(0, 100_000)))
    .option('--daily-spend <amount>', 'money for the calls of a day in UTC', orNone(amount))
    .option('--premium-rate <policy>', 'premium-rate numbers: allow or block', orNone(premiumRate))
    .addHelpText(
      'after',
      '\nExamples:\n  strowger quotas set organization 1 --concurrent-calls 50 --daily-spend 250\n  strowger quotas set user 7 --calls-per-second 1 --premium-rate allow\n  strowger quotas set user 7 --daily-spend none\n\nEmergency calls are never counted and never refused.\n',
    )
  perform(set, terminal, ended, async (context, [kind = '', id = '']) => {
    const limits = noneAsNull(set.opts())
    const answer = await context.engine.send('PUT', `/v1/${kind}s/${recordId(id)}/quota`, limits)
    context.tell(answer)
    context.say(...table(HEAD, [row(childOf(answer, 'quota') ?? {})]))
    return EXIT.ok
  })

  const remove = quotas
    .command('remove')
    .addArgument(whose())
    .argument('<id>', 'its id', recordId)
    .description('take every limit away')
  perform(remove, terminal, ended, async (context, [kind = '', id = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/${kind}s/${recordId(id)}/quota`))
    context.say(`${kind} ${id} has no limits`)
    return EXIT.ok
  })
}

const HEAD = ['ORGANISATION', 'USER', 'CALLS/S', 'AT ONCE', 'A DAY', 'PREMIUM', 'NOW/S', 'NOW', 'TODAY']

const row = (quota: Json): readonly string[] => {
  const usage = childOf(quota, 'usage') ?? {}
  const limit = (key: string): string => textOf(quota, key) || '-'
  return [
    textOf(quota, 'organizationId'),
    textOf(quota, 'userId') || 'all',
    limit('callsPerSecond'),
    limit('concurrentCalls'),
    limit('dailySpend'),
    limit('premiumRate'),
    textOf(usage, 'callsInLastSecond'),
    textOf(usage, 'concurrentCalls'),
    textOf(usage, 'spentToday'),
  ]
}
