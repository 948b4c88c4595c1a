/** `strowger cdrs`: list call detail records, and bring in those that FreeSWITCH could not post. Files and erasures: cdr-*.ts. */
import { readdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { addCdrReconcile } from './cdr-reconcile.ts'
import { addCdrQuarantine } from './cdr-quarantine.ts'
import { addRerate } from './rerate.ts'
import { perform, wholeNumber, type Context, type Terminal } from './context.ts'
import { addCdrErasures } from './cdr-erasures.ts'
import { addCdrExport } from './cdr-export.ts'
import { withSearch, type SearchOptions } from './cdr-search.ts'
import { CliFault, EXIT } from './fault.ts'
import { dayTime, tableHead, tableLine, type Column } from './format.ts'
import { childOf, listOf, plain, textOf, timeOf, type Json } from './json.ts'

export const addCdrs = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const cdrs = program.command('cdrs').description('call detail records')

  const list = withSearch(cdrs.command('list'))
    .description('list calls, newest first, each with its attempts')
    .option('--limit <count>', 'at most so many', wholeNumber(1, 1000), 50)
    .option('--cursor <next>', 'go on after a list; it says how at its end')
    .addHelpText(
      'after',
      '\nExamples:\n  strowger cdrs list --since 24h\n  strowger cdrs list --number 442079 --limit 5\n  strowger cdrs list --caller +442079460100 --match exact --disposition BUSY\n  strowger cdrs list --gateway 3 --cause NORMAL_TEMPORARY_FAILURE --since 1h\n  strowger cdrs list --json | jq .cdrs[].cost\n\nWhat is rare in many records is looked for some seconds a list: add --cursor, as it says, to look further.\n',
    )
  perform(list, terminal, ended, async (context) => {
    const answer = await context.engine.get('/v1/cdrs', list.opts<SearchOptions>())
    context.tell(answer)
    const found = listOf(answer, 'cdrs')
    const next = textOf(answer, 'next')
    if (found.length > 0) context.say(tableHead(COLUMNS), ...found.flatMap(cdrLines))
    else context.say(next === '' ? 'no records' : 'no records so far')
    if (next !== '')
      context.say(`there ${found.length === 0 ? 'may be older ones' : 'are more'}: add --cursor ${next}`)
    return EXIT.ok
  })

  addCdrQuarantine(cdrs, terminal, ended)
  addRerate(cdrs, terminal, ended)
  addCdrReconcile(cdrs, terminal, ended)

  addCdrExport(cdrs, terminal, ended)
  addCdrErasures(cdrs, terminal, ended)

  const ingest = cdrs
    .command('ingest')
    .argument('<directory>', "the folder of mod_json_cdr's files (err-log-dir)")
    .description('bring in the records that FreeSWITCH left as files; the same file twice does no harm')
    .option('--remove', 'delete each file once its record is safe')
    .addHelpText('after', '\nExample:\n  strowger cdrs ingest /var/log/freeswitch/json_cdr --remove\n')
  perform(ingest, terminal, ended, async (context, [directory = '']) => {
    const { remove }: { remove?: boolean } = ingest.opts()
    return ingestFiles(context, directory, remove === true)
  })
}

/** 116 columns with their gaps. */
const COLUMNS: readonly Column[] = [
  { title: 'STARTED', width: 19 },
  { title: 'FROM', width: 16 },
  { title: 'TO', width: 16 },
  { title: 'RESULT', width: 9 },
  { title: 'CAUSE', width: 24 },
  { title: 'SECS', width: 5, right: true },
  { title: 'COST', width: 15, right: true },
]

const cdrLines = (cdr: Json): readonly string[] => {
  const cost = childOf(cdr, 'cost')
  const line = tableLine(COLUMNS, [
    dayTime(timeOf(cdr, 'startTime') ?? 0),
    textOf(cdr, 'callerNumber'),
    textOf(cdr, 'dialledNumber') || textOf(cdr, 'calleeNumber'),
    textOf(cdr, 'disposition'),
    textOf(cdr, 'hangupCause'),
    textOf(cdr, 'billableSeconds'),
    cost === undefined ? '' : `${textOf(cost, 'amount')} ${textOf(cost, 'currency')}`,
  ])
  return [line, ...customLines(cdr), ...listOf(cdr, 'attempts').map(attemptLine)]
}

/** Of whom the call was for the CRM, and who answered. */
const customLines = (cdr: Json): readonly string[] => {
  const custom = childOf(cdr, 'custom') ?? {}
  const [crm, amd] = [childOf(custom, 'crm'), childOf(custom, 'amd')]
  const words = [
    ...(crm === undefined
      ? []
      : [`${textOf(crm, 'objectType') || 'record'} ${textOf(crm, 'recordId')}`.trim()]),
    ...(amd === undefined ? [] : [`answered by ${textOf(amd, 'verdict')}`]),
  ]
  return words.length === 0 ? [] : [`     ${words.map((word) => plain(word).slice(0, 80)).join('; ')}`]
}

const ATTEMPT: readonly Column[] = [
  { title: '', width: 2, right: true },
  { title: '', width: 32 },
  { title: '', width: 10 },
  { title: '', width: 29 },
  { title: '', width: 35 },
]

const attemptLine = (attempt: Json): string =>
  `  ${tableLine(ATTEMPT, [
    textOf(attempt, 'n'),
    `${textOf(attempt, 'carrierName')} (gw${textOf(attempt, 'gatewayId')})`,
    textOf(attempt, 'outcome'),
    `${textOf(attempt, 'sipStatus')} ${textOf(attempt, 'cause')}`.trim(),
    textOf(attempt, 'why'),
  ])}`

const ingestFiles = async (context: Context, directory: string, remove: boolean): Promise<number> => {
  const names = await filesIn(directory)
  const refused: { file: string; message: string }[] = []
  let taken = 0
  for (const name of names) {
    const path = join(directory, name)
    try {
      await context.engine.sendRaw('/v1/cdrs/ingest', new Uint8Array(await readFile(path)))
      taken += 1
      if (remove) await unlink(path)
    } catch (fault) {
      // One bad file must not keep the others out; an engine that is away or full takes none of them.
      if (!(fault instanceof CliFault) || !['CDR_UNREADABLE', 'BODY_TOO_LARGE'].includes(fault.code))
        throw fault
      refused.push({ file: name, message: fault.message })
    }
  }
  context.tell({ success: refused.length === 0, files: names.length, taken, refused })
  context.say(
    `${taken} of ${names.length} files taken in`,
    ...refused.map(({ file, message }) => `${plain(file)}: ${message}`),
  )
  return refused.length === 0 ? EXIT.ok : EXIT.failed
}

const filesIn = async (directory: string): Promise<readonly string[]> => {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && /\.(?:json|xml)$/.test(entry.name))
      .map((entry) => entry.name)
      .sort()
  } catch (fault) {
    throw new CliFault(
      EXIT.badInput,
      'BAD_DIRECTORY',
      `${plain(directory)} is no folder that can be read`,
      fault,
    )
  }
}
