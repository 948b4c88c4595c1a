/** `strowger caller-id`: may a number be shown, and the proof that it is somebody's. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { perform, recordId, type Terminal } from './context.ts'
import { EXIT } from './fault.ts'
import { table } from './format.ts'
import { flagOf, listOf, objectOf, textOf, textsOf, type Json } from './json.ts'

export const addCallerId = (
  program: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const group = program.command('caller-id').description('may a number be shown; prove that it is yours')

  const validate = group
    .command('validate')
    .argument('<number>', 'in E.164 form, or as the organisation dials it')
    .description('tell whether a number may be shown, and which carriers take it')
    .option('--organization <id>', 'whose call it would be', recordId)
    .option('--user <id>', 'who would call', recordId)
  perform(validate, terminal, ended, async (context, [number]) => {
    const { organization, user } = validate.opts<{ organization?: number; user?: number }>()
    const answer = await context.engine.send('POST', '/v1/caller-id/validate', {
      number: String(number),
      ...(organization === undefined ? {} : { organizationId: organization }),
      ...(user === undefined ? {} : { userId: user }),
    })
    context.tell(answer)
    const ownership = objectOf(answer['ownership'])
    const since = textOf(ownership, 'verificationDate')
    const restrictions = textsOf(answer, 'restrictions')
    const valid = flagOf(answer, 'valid')
    context.say(
      `${textOf(answer, 'normalized') || textOf(answer, 'number')} ${valid ? 'may be shown' : 'may not be shown'}: ${textOf(ownership, 'type')}${since === '' ? '' : `, since ${since}`}`,
      ...(restrictions.length === 0 ? [] : [`restrictions: ${restrictions.join(', ')}`]),
      ...Object.entries(objectOf(answer['carrierSupport'])).map(
        ([code, takes]) => `carrier ${code}: ${takes === true ? 'takes it' : 'does not take it'}`,
      ),
    )
    return valid ? EXIT.ok : EXIT.failed
  })

  const verify = group
    .command('verify')
    .argument('<number>', 'the number that is to be proved')
    .description('send a code to a number; confirm it within ten minutes')
    .addOption(new Option('--by <method>', 'how').choices(['call', 'sms']).default('call'))
    .option('--organization <id>', 'who will show it', recordId)
    .option('--user <id>', 'the only user who may show it', recordId)
  perform(verify, terminal, ended, async (context, [number]) => {
    const { by, organization, user } = verify.opts<{ by: string; organization?: number; user?: number }>()
    const answer = await context.engine.send('POST', '/v1/caller-id/verifications', {
      number: String(number),
      method: by,
      ...(organization === undefined ? {} : { organizationId: organization }),
      ...(user === undefined ? {} : { userId: user }),
    })
    context.tell(answer)
    const started = objectOf(answer['verification'])
    context.say(
      `${by === 'call' ? 'calling' : 'sending a message to'} ${textOf(started, 'number')}`,
      `then: strowger caller-id confirm ${textOf(started, 'id')} CODE`,
    )
    return EXIT.ok
  })

  const confirm = group
    .command('confirm')
    .argument('<id>', 'which verification', recordId)
    .argument('<code>', 'what was heard or read', codeOf)
    .description('confirm the code: the number may be shown from now on')
  perform(confirm, terminal, ended, async (context, [id, code]) => {
    const answer = await context.engine.send('POST', `/v1/caller-id/verifications/${String(id)}/confirm`, {
      code: String(code),
    })
    context.tell(answer)
    const verified = objectOf(answer['verification'])
    const until = textOf(verified, 'validUntil')
    context.say(`${textOf(verified, 'number')} may be shown${until === '' ? '' : ` until ${until}`}`)
    return EXIT.ok
  })

  const list = group
    .command('list')
    .description('list numbers that were proved, or are being proved')
    .option('--organization <id>', 'only of an organisation', recordId)
  perform(list, terminal, ended, async (context) => {
    const answer = await context.engine.get(
      '/v1/caller-id/verifications',
      list.opts<{ organization?: number }>(),
    )
    context.tell(answer)
    const rows = listOf(answer, 'verifications').map(rowOf)
    context.say(
      ...(rows.length === 0
        ? ['no verifications']
        : table(['ID', 'ORGANISATION', 'USER', 'NUMBER', 'BY', 'STATE', 'UNTIL', ''], rows)),
    )
    return EXIT.ok
  })

  const remove = group
    .command('remove')
    .argument('<id>', 'which verification', recordId)
    .description('take a proof back: the number is shown no more')
  perform(remove, terminal, ended, async (context, [id]) => {
    context.tell(await context.engine.send('DELETE', `/v1/caller-id/verifications/${String(id)}`))
    context.say(`verification ${String(id)} removed`)
    return EXIT.ok
  })

  group.addHelpText(
    'after',
    `
Examples:
  strowger caller-id validate +442079460100 --organization 1
  strowger caller-id verify +33142685300 --by call
  strowger caller-id confirm 7 482913`,
  )
}

const rowOf = (row: Json): readonly string[] => [
  textOf(row, 'id'),
  textOf(row, 'organizationId'),
  textOf(row, 'userId') || 'all',
  textOf(row, 'number'),
  textOf(row, 'method'),
  textOf(row, 'state'),
  textOf(row, 'validUntil'),
  textOf(row, 'failure'),
]

const codeOf = (text: string): string => {
  if (/^\d{4,10}$/.test(text)) return text
  throw new InvalidArgumentError('It takes 4 to 10 digits.')
}
