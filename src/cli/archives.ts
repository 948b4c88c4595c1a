/** `strowger archives`: where recordings go when they are old. */
import { Option, type Command } from 'commander'
import { perform, recordId, wholeNumber, type Terminal } from './context.ts'
import { CliFault, EXIT } from './fault.ts'
import { table } from './format.ts'
import { childOf, listOf, textOf, type Json } from './json.ts'
import { STORAGE_CLASSES } from '../config/storage-classes.ts'

type Added = {
  readonly after: number
  readonly folder?: string
  readonly bucket?: string
  readonly storageClass?: string
  readonly organization?: number
}

export const addArchives = (
  program: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const archives = program
    .command('archives')
    .description('archive policies: where recordings go when they are old')

  const list = archives.command('list').description('list the archive policies')
  perform(list, terminal, ended, async (context) => {
    const answer = await context.engine.get('/v1/archive-policies')
    context.tell(answer)
    const found = listOf(answer, 'archivePolicies')
    context.say(...(found.length === 0 ? ['no archive policies'] : table(TITLES, found.map(cellsOf))))
    return EXIT.ok
  })

  const add = archives
    .command('add')
    .argument('<name>', 'what people call it')
    .requiredOption('--after <days>', 'days after the recording began', wholeNumber(0, 36_500))
    .option('--folder <name>', 'a folder below archive/ of the store')
    .option('--bucket <name>', 'a bucket of S3')
    .addOption(
      new Option('--storage-class <class>', 'a storage class of the bucket').choices(STORAGE_CLASSES),
    )
    .option('--organization <id>', 'only policies of this organisation may name it', recordId)
    .description('add one; a recording policy names it by its id (storage.archivePolicy)')
    .addHelpText(
      'after',
      '\nExamples:\n  strowger archives add "slow disk" --after 90 --folder slow\n  strowger archives add cold --after 90 --bucket calls-cold --storage-class GLACIER_IR\n',
    )
  perform(add, terminal, ended, async (context, [name = '']) => {
    const { after, organization, folder, bucket, storageClass }: Added = add.opts()
    if ((folder === undefined) === (bucket === undefined))
      throw new CliFault(EXIT.badInput, 'BAD_INPUT', 'an archive is either a --folder or a --bucket')
    const answer = await context.engine.send('POST', '/v1/archive-policies', {
      name,
      afterDays: after,
      folder,
      bucket,
      storageClass,
      organizationId: organization,
    })
    context.tell(answer)
    context.say(`archive policy ${textOf(childOf(answer, 'archivePolicy') ?? {}, 'id')} added`)
    return EXIT.ok
  })

  const remove = archives
    .command('remove')
    .argument('<id>', 'which archive policy', recordId)
    .description('remove one: what was to go there stays where it is')
  perform(remove, terminal, ended, async (context, [id = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/archive-policies/${id}`))
    context.say(`archive policy ${id} removed`)
    return EXIT.ok
  })
}

const TITLES = ['ID', 'NAME', 'AFTER', 'TO', 'CLASS', 'ORGANISATION']

const cellsOf = (policy: Json): readonly string[] => [
  textOf(policy, 'id'),
  textOf(policy, 'name'),
  `${textOf(policy, 'afterDays')} days`,
  textOf(policy, 'target') === 'folder'
    ? `folder ${textOf(policy, 'folder')}`
    : `bucket ${textOf(policy, 'bucket')}`,
  textOf(policy, 'storageClass'),
  textOf(policy, 'organizationId') || 'all',
]
