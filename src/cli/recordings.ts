/** `strowger recordings`: find, hear, delete and hold recordings, and see what waits for the store. */
import { InvalidArgumentError, type Command } from 'commander'
import {
  momentText,
  perform,
  recordId,
  uuidText,
  wholeNumber,
  type Context,
  type Terminal,
} from './context.ts'
import { EXIT } from './fault.ts'
import { dayTime, duration, tableHead, tableLine, type Column } from './format.ts'
import { writeWhole } from './write-whole.ts'
import { childOf, flagOf, listOf, numberOf, plain, textOf, timeOf, type Json } from './json.ts'
import { addressOf } from './token.ts'
import { download } from './upload.ts'

export const addRecordings = (
  program: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const recordings = program
    .command('recordings')
    .description('recordings of calls: find, hear, delete, hold; and what waits for the store')
  const moment = momentText(() => Date.now())

  const list = recordings
    .command('list')
    .description('list recordings, newest first')
    .option('--since <when>', 'how long ago (30m, 24h, 7d), or a moment', moment)
    .option('--until <when>', 'the same', moment)
    .option('--number <digits>', 'only calls from or to a number that contains these digits')
    .option('--call <callId>', 'only of one call', uuidText)
    .option('--user <id>', 'only of a user who called or was called', recordId)
    .option('--organization <id>', 'only of an organisation', recordId)
    .option('--limit <count>', 'at most so many', wholeNumber(1, 1000), 50)
    .option('--cursor <next>', 'go on after a list; it says how at its end')
    .addHelpText(
      'after',
      '\nExamples:\n  strowger recordings list --since 24h\n  strowger recordings list --number 442079 --limit 5\n  strowger recordings list --json | jq -r .recordings[].id\n',
    )
  perform(list, terminal, ended, async (context) => {
    const options: Record<string, string | number | undefined> = list.opts()
    const answer = await context.engine.get('/v1/recordings', options)
    context.tell(answer)
    const found = listOf(answer, 'recordings')
    context.say(...(found.length === 0 ? ['no recordings'] : [tableHead(COLUMNS), ...found.map(lineOf)]))
    const next = textOf(answer, 'next')
    if (next !== '') context.say(`there are more: add --cursor ${next}`)
    return EXIT.ok
  })

  const show = recordings
    .command('show')
    .argument('<id>', 'which recording', recordingId)
    .description('show one recording with its files')
  perform(show, terminal, ended, async (context, [id = '']) => {
    const answer = await context.engine.get(`/v1/recordings/${id}`)
    context.tell(answer)
    context.say(...describe(childOf(answer, 'recording') ?? {}))
    return EXIT.ok
  })

  addDownload(recordings, terminal, ended)

  const remove = recordings
    .command('delete')
    .argument('<id>', 'which recording', recordingId)
    .description('delete a recording: nobody hears it from now on, and it leaves the store some days later')
  perform(remove, terminal, ended, async (context, [id = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/recordings/${id}`))
    context.say(`recording ${id} deleted`)
    return EXIT.ok
  })

  const hold = recordings
    .command('hold')
    .argument('<id>', 'which recording', recordingId)
    .requiredOption('--reason <text>', 'why; the audit keeps it')
    .description('hold a recording: nothing and nobody deletes it until it is released')
    .addHelpText('after', '\nExample:\n  strowger recordings hold 7d3c1a52-… --reason "case 12/34"\n')
  perform(hold, terminal, ended, async (context, [id = '']) => {
    const { reason }: { reason?: string } = hold.opts()
    context.tell(await context.engine.send('PUT', `/v1/recordings/${id}/legal-hold`, { reason }))
    context.say(`recording ${id} is held`)
    return EXIT.ok
  })

  const release = recordings
    .command('release')
    .argument('<id>', 'which recording', recordingId)
    .description('lift the hold of a recording; what was due meanwhile is deleted within the hour')
  perform(release, terminal, ended, async (context, [id = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/recordings/${id}/legal-hold`))
    context.say(`recording ${id} is released`)
    return EXIT.ok
  })

  const audit = recordings
    .command('audit')
    .argument('<id>', 'which recording', recordingId)
    .description('who listened to a recording, deleted or held it; also after it is gone')
  perform(audit, terminal, ended, async (context, [id = '']) => {
    const answer = await context.engine.get(`/v1/recordings/${id}/audit`)
    context.tell(answer)
    const lines = listOf(answer, 'audit')
    context.say(...(lines.length === 0 ? ['nobody did anything with it'] : lines.map(auditLine)))
    return EXIT.ok
  })

  const rotate = recordings
    .command('rotate-keys')
    .option('--organization <id>', 'whose; needed where the token is not an organisation’s own', recordId)
    .description("make a new key for an organisation's recordings; the files stay as they are")
    .addHelpText('after', '\nExample:\n  strowger recordings rotate-keys --organization 1\n')
  perform(rotate, terminal, ended, async (context) => {
    const { organization }: { organization?: number } = rotate.opts()
    const body = organization === undefined ? {} : { organizationId: organization }
    const answer = await context.engine.send('POST', '/v1/recordings/rotate-keys', body)
    context.tell(answer)
    context.say(`key ${textOf(answer, 'keyId')} is in use; ${textOf(answer, 'files')} files have it`)
    return EXIT.ok
  })

  const pending = recordings
    .command('pending')
    .description('what is not in the store yet, and what cannot be used, each with the reason')
    .addHelpText('after', '\nEnds with 1 while something holds everything up.\n')
  perform(pending, terminal, ended, async (context) => {
    const answer = await context.engine.get('/v1/recordings/pending')
    context.tell(answer)
    return tellPending(context, answer)
  })
}

const recordingId = (text: string): string => {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError('It takes the id of a recording; `strowger recordings list` shows them.')
}

/** 118 columns with their gaps. */
const COLUMNS: readonly Column[] = [
  { title: 'STARTED', width: 19 },
  { title: 'ID', width: 36 },
  { title: 'FROM', width: 16 },
  { title: 'TO', width: 16 },
  { title: 'LENGTH', width: 12, right: true },
  { title: '', width: 9 },
]

const lineOf = (recording: Json): string =>
  tableLine(COLUMNS, [
    dayTime(timeOf(recording, 'startedAt') ?? 0),
    textOf(recording, 'id'),
    textOf(recording, 'callerNumber'),
    textOf(recording, 'calleeNumber'),
    duration((numberOf(recording, 'durationMs') ?? 0) / 1_000),
    childOf(recording, 'legalHold') === undefined ? '' : 'held',
  ])

const describe = (recording: Json): readonly string[] => {
  const hold = childOf(recording, 'legalHold')
  const moment = (field: string): string => {
    const at = timeOf(recording, field)
    return at === undefined ? '' : dayTime(at)
  }
  const rows: readonly (readonly [string, string])[] = [
    ['call', textOf(recording, 'callId')],
    ['started', moment('startedAt')],
    ['from', textOf(recording, 'callerNumber')],
    ['to', textOf(recording, 'calleeNumber')],
    ['kept until', moment('retainUntil') || 'somebody deletes it'],
    ['held', hold === undefined ? '' : `${textOf(hold, 'reason')} (${textOf(hold, 'by')})`],
    ...listOf(recording, 'files').map((file): readonly [string, string] => ['file', fileText(file)]),
  ]
  return [
    `recording ${textOf(recording, 'id')}`,
    ...rows.filter(([, value]) => value !== '').map(([title, value]) => `  ${title.padEnd(12)}${value}`),
  ]
}

const fileText = (file: Json): string =>
  [
    textOf(file, 'part'),
    `${textOf(file, 'format')} ${textOf(file, 'sampleRate')} Hz`,
    `${textOf(file, 'channels')} channel${numberOf(file, 'channels') === 1 ? '' : 's'}`,
    duration((numberOf(file, 'durationMs') ?? 0) / 1_000),
    `${textOf(file, 'sizeBytes')} bytes`,
    flagOf(file, 'encrypted') ? 'encrypted' : 'not encrypted',
    ...(flagOf(file, 'repaired') ? ['repaired'] : []),
    ...(textOf(file, 'archivedAt') === '' ? [] : ['archived']),
  ].join(', ')

const auditLine = (line: Json): string => {
  const [first, last] = [textOf(line, 'firstByte'), textOf(line, 'lastByte')]
  return [
    dayTime(timeOf(line, 'at') ?? 0),
    textOf(line, 'action').padEnd(9),
    textOf(line, 'who'),
    textOf(line, 'address'),
    first === '' ? '' : `bytes ${first} to ${last}`,
    textOf(line, 'detail'),
  ]
    .filter((text) => text !== '')
    .join('  ')
}

const tellPending = ({ say }: Context, answer: Json): number => {
  const trouble = textOf(answer, 'trouble')
  const pending = listOf(answer, 'pending')
  const quarantined = listOf(answer, 'quarantined')
  if (trouble !== '') say(`everything waits: ${trouble}`)
  say(
    ...(pending.length === 0 ? ['nothing waits'] : []),
    ...pending.map(
      (one) =>
        `${textOf(one, 'recordingId')} ${textOf(one, 'part')}, ${textOf(one, 'bytes')} bytes, ${duration(numberOf(one, 'ageSeconds') ?? 0)} old: ${textOf(one, 'why')}`,
    ),
    ...quarantined.map((one) => `in quarantine: ${textOf(one, 'name')}: ${textOf(one, 'why')}`),
  )
  return trouble === '' ? EXIT.ok : EXIT.failed
}

const addDownload = (recordings: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const command = recordings
    .command('download')
    .argument('<id>', 'which recording', recordingId)
    .requiredOption('--out <file>', 'into a file, which is replaced when all of it has come')
    .option('--part <part>', 'a or b, of a recording whose sides are apart')
    .description('write the sound of a recording into a file; the audit hears of it')
    .addHelpText('after', '\nExample:\n  strowger recordings download 7d3c1a52-… --out call.wav\n')
  perform(command, terminal, ended, async (context, [id = '']) => {
    const { out = '', part }: { out?: string; part?: string } = command.opts()
    const query = part === undefined ? '' : `?part=${encodeURIComponent(part)}`
    const pieces = download(addressOf(command.optsWithGlobals(), terminal), {
      path: `/v1/recordings/${id}/audio${query}`,
      signal: terminal.interrupt,
    })
    const bytes = await writeWhole(out, pieces, 0o600)
    context.tell({ success: true, file: out, bytes })
    context.say(`recording ${id} written to ${plain(out)} (${bytes} bytes)`)
    return EXIT.ok
  })
}
