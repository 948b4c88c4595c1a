/** `strowger recording-policies`, `user-groups`, `audio-files`, and what is done to the recording of a live call. */
import { readFile } from 'node:fs/promises'
import { Argument, Option, type Command } from 'commander'
import { perform, recordId, uuidText, type Terminal } from './context.ts'
import { CliFault, EXIT } from './fault.ts'
import { table } from './format.ts'
import { flagOf, listOf, objectOf, textOf, type Json } from './json.ts'

type Ended = (exitCode: number) => void

export const addRecordingPolicies = (program: Command, terminal: Terminal, ended: Ended): void => {
  addPolicies(program, terminal, ended)
  addGroups(program, terminal, ended)
  addAudioFiles(program, terminal, ended)
  addCallRecording(program, terminal, ended)
}

const many = (text: string, before: unknown): readonly string[] => [
  ...(Array.isArray(before) ? (before as string[]) : []),
  text,
]
const yesOrNo = ['yes', 'no']
const organization = [
  '--organization <id>',
  'whose; a token of an organisation need not say',
  recordId,
] as const

const addPolicies = (program: Command, terminal: Terminal, ended: Ended): void => {
  const group = program
    .command('recording-policies')
    .description('which calls are recorded, how, and what those who are recorded are told')

  const list = group
    .command('list')
    .description('list the recording policies')
    .option(...organization)
  perform(list, terminal, ended, async (context) => {
    const answer = await context.engine.get('/v1/recording-policies', list.opts<{ organization?: number }>())
    context.tell(answer)
    const rows = listOf(answer, 'recordingPolicies').map((row) => {
      const settings = objectOf(row['settings'])
      return [
        textOf(row, 'id'),
        textOf(row, 'name'),
        textOf(objectOf(row['scope']), 'type'),
        `${textOf(settings, 'channels')} ${textOf(settings, 'format')}`,
        textOf(settings, 'startOn'),
        flagOf(objectOf(row['compliance']), 'consentRequired') ? 'consent' : '',
        flagOf(row, 'enabled') ? '' : 'disabled',
      ]
    })
    const titles = ['ID', 'NAME', 'CALLS', 'SOUND', 'FROM', '', '']
    context.say(...(rows.length === 0 ? ['no recording policies'] : table(titles, rows)))
    return EXIT.ok
  })

  const add = withPolicyOptions(group.command('add').description('add a recording policy'), true)
    .option(...organization)
    .addHelpText('after', EXAMPLES)
  perform(add, terminal, ended, async (context) => {
    const answer = await context.engine.send('POST', '/v1/recording-policies', policyBody(add))
    context.tell(answer)
    context.say(`recording policy ${textOf(objectOf(answer['recordingPolicy']), 'id')} added`)
    return EXIT.ok
  })

  const set = withPolicyOptions(
    group
      .command('set')
      .argument('<id>', 'which policy', recordId)
      .description('change a recording policy: what is given; calls that are up keep the old one'),
    false,
  )
  perform(set, terminal, ended, async (context, [id]) => {
    const changes = policyBody(set)
    if (Object.keys(changes).length === 0)
      throw new CliFault(EXIT.badInput, 'BAD_INPUT', 'nothing to change was given')
    context.tell(await context.engine.send('PUT', `/v1/recording-policies/${String(id)}`, changes))
    context.say(`recording policy ${String(id)} changed`)
    return EXIT.ok
  })
  addRemove(group, 'recording-policies', 'recording policy', terminal, ended)
}

const EXAMPLES = `
Examples:
  strowger recording-policies add --name "All calls out" --calls outbound --announce yes
  strowger recording-policies add --name Payments --group 3 --pause-digits '*1' --resume-digits '*2' --pci yes
  strowger recording-policies add --name Support --calls inbound --consent yes --audio-file 7
`

const withPolicyOptions = (command: Command, adding: boolean): Command =>
  command
    .addOption(new Option('--name <name>', 'what people call it').makeOptionMandatory(adding))
    .addOption(
      new Option('--calls <which>', 'which calls; with --user, --group or --number: specific').choices([
        'all',
        'inbound',
        'outbound',
        'specific',
      ]),
    )
    .addOption(new Option('--user <id>', 'calls of this user (again for more)').argParser(many))
    .addOption(
      new Option('--group <id>', 'calls of the users of this group (again for more)').argParser(many),
    )
    .addOption(new Option('--number <number>', 'calls with this number (again for more)').argParser(many))
    .addOption(new Option('--format <format>', 'what is kept').choices(['wav', 'mp3', 'ogg']))
    .addOption(
      new Option('--channels <how>', 'both mixed, one side a channel, one side a file').choices([
        'mono',
        'stereo',
        'split',
      ]),
    )
    .addOption(new Option('--sample-rate <hertz>', 'samples a second').choices(['8000', '16000', '44100']))
    .addOption(new Option('--start <when>', 'when it begins').choices(['answer', 'ring', 'immediate']))
    .addOption(new Option('--announce <yes-or-no>', 'play an announcement').choices(yesOrNo))
    .option('--audio-file <id>', 'what is played or asked; none: built-in words')
    .addOption(
      new Option('--play-to <whom>', 'who hears it').choices(['all', 'external_only', 'internal_only']),
    )
    .addOption(new Option('--pause-on-hold <yes-or-no>', 'silence while a party is on hold').choices(yesOrNo))
    .option('--pause-digits <digits>', 'what our user presses for silence; none: nothing')
    .option('--resume-digits <digits>', 'what ends it; none: nothing')
    .addOption(new Option('--optional <yes-or-no>', 'a call may ask not to be recorded').choices(yesOrNo))
    .option('--retention <days>', 'days that recordings are kept', recordId)
    .option('--archive <id>', 'an archive policy; none: not archived')
    .addOption(new Option('--encrypt <yes-or-no>', 'encrypted at rest').choices(yesOrNo))
    .addOption(new Option('--pci <yes-or-no>', 'tell nobody digits while it is paused').choices(yesOrNo))
    .addOption(new Option('--gdpr <yes-or-no>', 'insist on an announcement or on consent').choices(yesOrNo))
    .addOption(new Option('--consent <yes-or-no>', 'record only who presses 1').choices(yesOrNo))
    .option('--enable', 'use it')
    .option('--disable', 'do not use it')

const policyBody = (command: Command): Json => {
  const given = command.opts<Record<string, unknown>>()
  const text = (name: string): string | undefined =>
    typeof given[name] === 'string' ? given[name] : undefined
  const flag = (name: string): boolean | undefined =>
    text(name) === undefined ? undefined : text(name) === 'yes'
  const number = (name: string): number | undefined =>
    given[name] === undefined ? undefined : Number(given[name])
  const idOrNone = (name: string): number | null | undefined => (text(name) === 'none' ? null : number(name))
  const textOrNone = (name: string): string | null | undefined => (text(name) === 'none' ? null : text(name))
  const list = (name: string): readonly string[] =>
    Array.isArray(given[name]) ? (given[name] as string[]) : []
  const [users, groups, numbers] = [list('user').map(Number), list('group').map(Number), list('number')]
  const isSpecific = users.length + groups.length + numbers.length > 0
  const type = text('calls') ?? (isSpecific ? 'specific' : command.name() === 'add' ? 'all' : undefined)
  return kept({
    organizationId: given['organization'],
    name: text('name'),
    enabled: given['enable'] === true ? true : given['disable'] === true ? false : undefined,
    scope: type === undefined ? undefined : kept({ type, ...(isSpecific ? { users, groups, numbers } : {}) }),
    settings: kept({
      format: text('format'),
      channels: text('channels'),
      sampleRate: number('sampleRate'),
      startOn: text('start'),
      announcement: kept({
        enabled: flag('announce'),
        audioFileId: idOrNone('audioFile'),
        playTo: text('playTo'),
      }),
      pauseOnHold: flag('pauseOnHold'),
      pauseDigits: textOrNone('pauseDigits'),
      resumeDigits: textOrNone('resumeDigits'),
      optional: flag('optional'),
    }),
    storage: kept({
      retention: number('retention'),
      archivePolicy: idOrNone('archive'),
      encryptAtRest: flag('encrypt'),
    }),
    compliance: kept({
      pciEnabled: flag('pci'),
      gdprEnabled: flag('gdpr'),
      consentRequired: flag('consent'),
    }),
  })
}

/** Without what was not given, and without objects that have nothing in them. */
const kept = (values: Readonly<Record<string, unknown>>): Json =>
  Object.fromEntries(
    Object.entries(values).filter(
      ([, value]) =>
        value !== undefined &&
        (typeof value !== 'object' ||
          value === null ||
          Array.isArray(value) ||
          Object.keys(value).length > 0),
    ),
  )

const addGroups = (program: Command, terminal: Terminal, ended: Ended): void => {
  const group = program.command('user-groups').description('groups of users, for policies to name')
  const list = group
    .command('list')
    .description('list the groups')
    .option(...organization)
  perform(list, terminal, ended, async (context) => {
    const answer = await context.engine.get('/v1/user-groups', list.opts<{ organization?: number }>())
    context.tell(answer)
    const rows = listOf(answer, 'userGroups').map((row) => [
      textOf(row, 'id'),
      textOf(row, 'name'),
      Array.isArray(row['userIds']) ? row['userIds'].join(', ') : '',
    ])
    context.say(...(rows.length === 0 ? ['no groups'] : table(['ID', 'NAME', 'USERS'], rows)))
    return EXIT.ok
  })
  for (const verb of ['add', 'set'] as const) {
    const command = group.command(verb).description(verb === 'add' ? 'add a group' : 'change a group')
    if (verb === 'set') command.argument('<id>', 'which group', recordId)
    else command.option(...organization)
    command
      .addOption(new Option('--name <name>', 'what people call it').makeOptionMandatory(verb === 'add'))
      .addOption(
        new Option('--user <id>', 'a member (again for more); replaces those there are').argParser(many),
      )
    perform(command, terminal, ended, async (context, [id]) => {
      const given = command.opts<{ organization?: number; name?: string; user?: readonly string[] }>()
      const body = kept({
        organizationId: given.organization,
        name: given.name,
        userIds: given.user?.map(Number),
      })
      const path = verb === 'add' ? '/v1/user-groups' : `/v1/user-groups/${String(id)}`
      const answer = await context.engine.send(verb === 'add' ? 'POST' : 'PUT', path, body)
      context.tell(answer)
      const done = verb === 'add' ? 'added' : 'changed'
      context.say(`group ${textOf(objectOf(answer['userGroup']), 'id')} ${done}`)
      return EXIT.ok
    })
  }
  addRemove(group, 'user-groups', 'group', terminal, ended)
}

const addAudioFiles = (program: Command, terminal: Terminal, ended: Ended): void => {
  const group = program
    .command('audio-files')
    .description('sounds that the switch plays: announcements, messages')
  const list = group
    .command('list')
    .description('list the audio files')
    .option(...organization)
  perform(list, terminal, ended, async (context) => {
    const answer = await context.engine.get('/v1/audio-files', list.opts<{ organization?: number }>())
    context.tell(answer)
    const rows = listOf(answer, 'audioFiles').map((row) => [
      textOf(row, 'id'),
      textOf(row, 'name'),
      `${(Number(row['durationMs']) / 1_000).toFixed(1)} s`,
      `${textOf(row, 'sampleRate')} Hz`,
    ])
    context.say(...(rows.length === 0 ? ['no audio files'] : table(['ID', 'NAME', 'LENGTH', 'RATE'], rows)))
    return EXIT.ok
  })
  const add = group
    .command('add')
    .argument('<file>', 'a WAV file of at most ten minutes')
    .description('upload a sound')
    .addOption(new Option('--name <name>', 'what people call it').makeOptionMandatory())
    .option(...organization)
    .addHelpText(
      'after',
      '\nExample:\n  strowger audio-files add announcement.wav --name "This call is recorded"\n',
    )
  perform(add, terminal, ended, async (context, [file]) => {
    const { name, organization: owner } = add.opts<{ name: string; organization?: number }>()
    const content = await readFile(String(file)).catch((fault: unknown) => {
      const why = fault instanceof Error ? fault.message : String(fault)
      throw new CliFault(EXIT.badInput, 'BAD_INPUT', `${String(file)} cannot be read: ${why}`, fault)
    })
    const query = new URLSearchParams({
      name,
      ...(owner === undefined ? {} : { organization: String(owner) }),
    })
    const answer = await context.engine.sendRaw(
      `/v1/audio-files?${query.toString()}`,
      new Uint8Array(content),
    )
    context.tell(answer)
    context.say(`audio file ${textOf(objectOf(answer['audioFile']), 'id')} added`)
    return EXIT.ok
  })
  addRemove(group, 'audio-files', 'audio file', terminal, ended)
}

/** Beside the other commands of live calls. */
const addCallRecording = (program: Command, terminal: Terminal, ended: Ended): void => {
  const calls = program.commands.find((command) => command.name() === 'calls') ?? program
  const record = calls
    .command('record')
    .argument('<call>', 'which call', uuidText)
    .addArgument(
      new Argument('<action>', 'what to do').choices(['start', 'stop', 'pause', 'resume', 'state']),
    )
    .description('record a live call, or pause and stop its recording; a paused part is silent')
    .option('--policy <id>', 'with start: as this policy says', recordId)
    .addHelpText('after', '\nExample:\n  strowger calls record 5f0c…e1 pause\n')
  perform(record, terminal, ended, async (context, [call, action]) => {
    const path = `/v1/calls/${String(call)}/recording`
    const { policy: policyId } = record.opts<{ policy?: number }>()
    const answer =
      action === 'state'
        ? await context.engine.get(path)
        : await context.engine.send('POST', path, kept({ action, policyId }))
    context.tell(answer)
    const recording = objectOf(answer['recording'])
    context.say(`${textOf(recording, 'recordingId')} ${textOf(recording, 'state')}`)
    return EXIT.ok
  })
}

const addRemove = (group: Command, path: string, word: string, terminal: Terminal, ended: Ended): void => {
  const remove = group
    .command('remove')
    .argument('<id>', `which ${word}`, recordId)
    .description(`remove a ${word}`)
  perform(remove, terminal, ended, async (context, [id]) => {
    context.tell(await context.engine.send('DELETE', `/v1/${path}/${String(id)}`))
    context.say(`${word} ${String(id)} removed`)
    return EXIT.ok
  })
}
