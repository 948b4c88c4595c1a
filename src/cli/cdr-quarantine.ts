/** `strowger cdrs quarantine`: records that could not be taken in: what they are, why, and what becomes of them. */
import { readFile, writeFile } from 'node:fs/promises'
import { InvalidArgumentError, type Command } from 'commander'
import { asError } from '../base/errors.ts'
import { perform, wholeNumber, type Context, type Terminal } from './context.ts'
import { CliFault, EXIT } from './fault.ts'
import { dayTime, table } from './format.ts'
import { childOf, listOf, numberOf, objectOf, plain, textOf, timeOf, type Json } from './json.ts'

export const addCdrQuarantine = (
  cdrs: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const quarantine = cdrs
    .command('quarantine')
    .description('records that could not be taken in, and why; none of them is billed until it is mended')

  const list = quarantine
    .command('list')
    .description('what is there, newest first')
    .option('--limit <count>', 'at most so many', wholeNumber(1, 1_000), 100)
  perform(list, terminal, ended, async (context) => {
    const { limit }: { limit?: number } = list.opts()
    const answer = await context.engine.get('/v1/cdrs/quarantine', { limit })
    context.tell(answer)
    const found = listOf(answer, 'records')
    if (found.length === 0) context.say('nothing is in quarantine')
    else context.say(...table(['ID', 'ARRIVED', 'BYTES', 'WHY'], found.map(row)))
    const total = numberOf(answer, 'total') ?? found.length
    if (total > found.length) context.say(`${total - found.length} more are not listed`)
    return EXIT.ok
  })

  const show = quarantine
    .command('show')
    .argument('<id>', 'as list tells it', recordName)
    .description('a record as it came, and why it was not taken in')
    .option('--output <file>', 'write the record into a file, byte for byte')
    .addHelpText(
      'after',
      '\nTo mend a record by hand:\n  strowger cdrs quarantine show 1795261200000-3f2a9c0e11d7b845 --output record.json\n  (edit record.json)\n  strowger cdrs quarantine retry 1795261200000-3f2a9c0e11d7b845 --with record.json\n',
    )
  perform(show, terminal, ended, async (context, [id = '']) => {
    const { output }: { output?: string } = show.opts()
    const answer = await context.engine.get(`/v1/cdrs/quarantine/${recordName(id)}`)
    context.tell(answer)
    const record = childOf(answer, 'record') ?? {}
    context.say(`${textOf(record, 'id')}: ${textOf(record, 'why')}`)
    if (output === undefined) context.say(textOf(record, 'content'))
    else await writeRecord(output, record)
    return EXIT.ok
  })

  const retry = quarantine
    .command('retry')
    .argument('[id]', 'as list tells it', recordName)
    .description('take a record in again; what is refused again comes back, with the reason')
    .option('--with <file>', 'take in the content of this file instead: the record, mended by hand')
    .option('--all', 'every record that is there')
    .addHelpText(
      'after',
      '\nExamples:\n  strowger cdrs quarantine retry 1795261200000-3f2a9c0e11d7b845\n  strowger cdrs quarantine retry --all\n',
    )
  perform(retry, terminal, ended, async (context, [id]) => {
    const { all, with: file }: { all?: boolean; with?: string } = retry.opts()
    if ((id === undefined) !== (all === true) || (file !== undefined && all === true))
      throw new CliFault(EXIT.badInput, 'BAD_INPUT', 'retry takes one id, or --all')
    return id === undefined ? retryAll(context) : retryOne(context, recordName(id), file)
  })

  const drop = quarantine
    .command('drop')
    .argument('<id>', 'as list tells it', recordName)
    .description('give a record up: it is gone, and its call is never billed')
  perform(drop, terminal, ended, async (context, [id = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/cdrs/quarantine/${recordName(id)}`))
    context.say(`${id} is gone`)
    return EXIT.ok
  })
}

const recordName = (text: string): string => {
  if (/^\d{1,16}-[0-9a-f]{16}$/.test(text)) return text
  throw new InvalidArgumentError('It takes the id of a record; `strowger cdrs quarantine list` shows them.')
}

const row = (record: Json): readonly string[] => [
  textOf(record, 'id'),
  dayTime(timeOf(record, 'arrivedAt') ?? 0),
  textOf(record, 'size'),
  textOf(record, 'why'),
]

const retryOne = async (context: Context, id: string, file: string | undefined): Promise<number> => {
  const body = file === undefined ? {} : { content: await readRecord(file) }
  context.tell(await context.engine.send('POST', `/v1/cdrs/quarantine/${id}/retry`, body))
  context.say(`${id} was taken in again`)
  return EXIT.ok
}

/** One that still cannot be read must not keep the others. */
const retryAll = async (context: Context): Promise<number> => {
  const found = listOf(await context.engine.get('/v1/cdrs/quarantine', { limit: 1_000 }), 'records')
  const refused: { id: string; message: string }[] = []
  for (const record of found) {
    const id = textOf(record, 'id')
    try {
      await context.engine.send('POST', `/v1/cdrs/quarantine/${recordName(id)}/retry`, {})
    } catch (fault) {
      if (!(fault instanceof CliFault) || fault.code !== 'CDR_UNREADABLE') throw fault
      refused.push({ id, message: fault.message })
    }
  }
  context.tell({ success: refused.length === 0, records: found.length, refused })
  context.say(
    `${found.length - refused.length} of ${found.length} records were taken in again`,
    ...refused.map(({ id, message }) => `${id}: ${plain(message)}`),
  )
  return refused.length === 0 ? EXIT.ok : EXIT.failed
}

const writeRecord = async (path: string, record: Json): Promise<void> => {
  const content = objectOf(record)['content']
  const encoding = textOf(record, 'encoding') === 'base64' ? 'base64' : 'utf8'
  try {
    await writeFile(path, Buffer.from(typeof content === 'string' ? content : '', encoding))
  } catch (fault) {
    throw new CliFault(
      EXIT.failed,
      'BAD_FILE',
      `${plain(path)} cannot be written: ${asError(fault).message}`,
      fault,
    )
  }
}

const readRecord = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8')
  } catch (fault) {
    throw new CliFault(
      EXIT.badInput,
      'BAD_FILE',
      `${plain(path)} cannot be read: ${asError(fault).message}`,
      fault,
    )
  }
}
