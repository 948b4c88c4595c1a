/** `strowger fraud rules`: what is looked for, and what is done about it. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { FRAUD_ACTIONS, FRAUD_COUNTS, FRAUD_KINDS } from '../telephony/fraud-kind.ts'
import { perform, recordId, wholeNumber, type Terminal } from './context.ts'
import { EXIT } from './fault.ts'
import { table } from './format.ts'
import { childOf, listOf, textOf, textsOf, type Json } from './json.ts'
import { noneAsNull, orNone } from './none.ts'

export const addFraudRules = (
  fraud: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const rules = fraud.command('rules').description('what is looked for, and what is done about it')

  const list = rules
    .command('list', { isDefault: true })
    .description("the platform's rules, and organisations' own")
    .option('--org <id>', "the platform's and those of an organisation", recordId)
  perform(list, terminal, ended, async (context) => {
    const { org }: { org?: number } = list.opts()
    const answer = await context.engine.get('/v1/fraud/rules', { organization: org })
    context.tell(answer)
    const found = listOf(answer, 'rules')
    if (found.length === 0) context.say('no rules')
    else context.say(...table(HEAD, found.map(row), context.terminal.columns ?? 160))
    return EXIT.ok
  })

  const add = withLimits(rules.command('add'))
    .description("add a rule; an organisation's takes the place of the platform's of its kind")
    .requiredOption('--name <text>', 'what people call it')
    .addOption(new Option('--kind <kind>', 'what is looked for').choices(FRAUD_KINDS).makeOptionMandatory())
    .addOption(new Option('--action <action>', 'what is done').choices(FRAUD_ACTIONS).makeOptionMandatory())
    .option('--org <id>', 'of an organisation; of the platform, for all, unless given', recordId)
    .addHelpText('after', EXAMPLES)
  perform(add, terminal, ended, async (context) => {
    const { org, ...fields }: { org?: number } & Record<string, unknown> = add.opts()
    const answer = await context.engine.send('POST', '/v1/fraud/rules', {
      ...bodyOf(fields),
      ...(org === undefined ? {} : { organizationId: org }),
    })
    context.tell(answer)
    context.say(`rule ${textOf(childOf(answer, 'rule') ?? {}, 'id')} added`)
    return EXIT.ok
  })

  const set = withLimits(rules.command('set'))
    .argument('<id>', 'its id', recordId)
    .description('change a rule; only what is named, and none empties a limit')
    .option('--name <text>', 'what people call it')
    .addOption(new Option('--kind <kind>', 'what is looked for').choices(FRAUD_KINDS))
    .addOption(new Option('--action <action>', 'what is done').choices(FRAUD_ACTIONS))
    .addHelpText('after', '\nExample:\n  strowger fraud rules set 3 --action block --block-hours 4\n')
  perform(set, terminal, ended, async (context, [ruleId = '']) => {
    const answer = await context.engine.send('PUT', `/v1/fraud/rules/${recordId(ruleId)}`, bodyOf(set.opts()))
    context.tell(answer)
    context.say(...table(HEAD, [row(childOf(answer, 'rule') ?? {})], context.terminal.columns ?? 160))
    return EXIT.ok
  })

  const remove = rules
    .command('remove')
    .argument('<id>', 'its id', recordId)
    .description('remove a rule; what it blocked stays blocked until it is released')
  perform(remove, terminal, ended, async (context, [ruleId = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/fraud/rules/${recordId(ruleId)}`))
    context.say(`rule ${ruleId} is removed`)
    return EXIT.ok
  })
}

const EXAMPLES = `
Examples:
  strowger fraud rules add --org 1 --name "Abroad at night" --kind night-burst --action block \\
    --international --limit-count 10 --business-hours "Mon-Fri 08:00-18:00" --time-zone Europe/London
  strowger fraud rules add --org 1 --name "Risky needs a PIN" --kind high-risk-prefix --action require-pin
  strowger fraud rules add --name "Money" --kind spend-per-hour --counts organization --limit-amount 100 --action block

A rule of the platform holds for every organisation, until it has one of its own of the same kind; --enforced holds
beside that too. Emergency calls are never judged.
`

const amount = (text: string): string => {
  if (/^\d{1,8}(\.\d{1,8})?$/.test(text)) return text
  throw new InvalidArgumentError('It takes an amount such as 250 or 0.45.')
}

const withLimits = (command: Command): Command =>
  command
    .option('--user <id>', 'of the calls of this user alone', orNone(recordId))
    .addOption(new Option('--counts <whose>', 'whose calls are counted together').choices(FRAUD_COUNTS))
    .option('--country <code...>', 'only calls to these countries')
    .option('--prefix <digits...>', 'only calls to numbers that begin so')
    .option('--international', 'only calls to another country')
    .option('--no-international', 'calls to any country')
    .option('--high-risk', 'only calls to prefixes that are listed as risky')
    .option('--no-high-risk', 'calls to any prefix')
    .option(
      '--limit-count <count>',
      'calls, or numbers, that are still normal',
      orNone(wholeNumber(0, 100_000)),
    )
    .option('--limit-amount <amount>', 'money that is still normal', orNone(amount))
    .option('--window-minutes <minutes>', 'in which they are counted', orNone(wholeNumber(1, 1_440)))
    .option('--price-per-minute <amount>', 'from which a country is dear', orNone(amount))
    .option('--business-hours <window...>', 'when it is day: "Mon-Fri 08:00-18:00"')
    .option('--time-zone <zone>', 'of the business hours: Europe/London', orNone(String))
    .option(
      '--block-hours <hours>',
      'how long a block holds; none: until it is released',
      orNone(wholeNumber(1, 8_760)),
    )
    .option('--enforced', "an organisation's own rule does not take its place")
    .option('--no-enforced', "an organisation's own rule takes its place")
    .option('--enabled', 'it is looked at')
    .option('--no-enabled', 'it is not looked at')

/** Only what was named: a switch that was not stays as it is. */
const bodyOf = ({
  user,
  country,
  prefix,
  ...fields
}: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  noneAsNull({ ...fields, userId: user, countries: country, prefixes: prefix })

const HEAD = ['ID', 'ORG', 'ON', 'KIND', 'ACTION', 'COUNTS', 'LIMIT', 'OF', 'NAME']

const row = (rule: Json): readonly string[] => [
  textOf(rule, 'id'),
  textOf(rule, 'organizationId') || (textOf(rule, 'enforced') === 'true' ? 'all!' : 'all'),
  textOf(rule, 'enabled') === 'true' ? 'yes' : 'no',
  textOf(rule, 'kind'),
  actionOf(rule),
  textOf(rule, 'userId') === '' ? textOf(rule, 'counts') : `user ${textOf(rule, 'userId')}`,
  limitOf(rule),
  destinationsOf(rule),
  textOf(rule, 'name'),
]

const actionOf = (rule: Json): string => {
  const hours = textOf(rule, 'blockHours')
  return textOf(rule, 'action') === 'block' && hours !== '' ? `block ${hours} h` : textOf(rule, 'action')
}

const limitOf = (rule: Json): string => {
  const limit =
    textOf(rule, 'limitAmount') || textOf(rule, 'limitCount') || textOf(rule, 'pricePerMinute') || '-'
  const minutes = textOf(rule, 'windowMinutes')
  return minutes === '' ? limit : `${limit}/${minutes} min`
}

const destinationsOf = (rule: Json): string =>
  [
    ...textsOf(rule, 'countries'),
    ...textsOf(rule, 'prefixes'),
    ...(textOf(rule, 'international') === 'true' ? ['abroad'] : []),
    ...(textOf(rule, 'highRisk') === 'true' ? ['risky'] : []),
  ].join(' ') || 'all'
