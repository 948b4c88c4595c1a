/** `strowger calls hold|unhold|mute|…`: what is done to a call that is up. */
import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { perform, recordId, uuidText, wholeNumber, type Context, type Terminal } from './context.ts'
import { EXIT } from './fault.ts'
import { table } from './format.ts'
import { flagOf, listOf, objectOf, textOf } from './json.ts'

type Ended = (exitCode: number) => void

/** `calls`: the command that they belong to. */
export const addCallControl = (calls: Command, terminal: Terminal, ended: Ended): void => {
  for (const [verb, description] of LEG_VERBS) {
    const command = calls
      .command(verb)
      .argument('<callId>', 'which call', uuidText)
      .description(description)
      .addOption(legOption())
    perform(command, terminal, ended, async (context, [callId = '']) => {
      const { leg }: { leg?: string } = command.opts()
      return say(context, await post(context, callId, verb, { leg }))
    })
  }

  const transfer = calls
    .command('transfer')
    .argument('<callId>', 'which call', uuidText)
    .argument('[to]', 'the number or extension, as our user would dial it')
    .description('take the other party to somebody else: at once, or after a talk aside')
    .option('--attended', 'our user talks with the third first; then --complete or --cancel')
    .option('--complete', 'join the party who waits with the one who is consulted')
    .option('--cancel', 'take our user back to the party who waits')
    .option('--caller-id <number>', 'the number to show, in E.164 form')
    .addOption(legOption())
    .addHelpText(
      'after',
      '\nExamples:\n  strowger calls transfer 1f0c… 1002\n  strowger calls transfer 1f0c… +442079460123 --attended\n  strowger calls transfer 1f0c… --complete\n',
    )
  perform(transfer, terminal, ended, async (context, [callId = '', to]) => {
    const options: TransferOptions = transfer.opts()
    if (options.complete === true || options.cancel === true) {
      const how = options.complete === true ? 'complete' : 'cancel'
      return say(context, await post(context, callId, `transfer/${how}`))
    }
    if (to === undefined) throw new InvalidArgumentError('To whom? Name a number or an extension.')
    const kind = options.attended === true ? 'attended' : 'blind'
    const { callerId, leg } = options
    return say(context, await post(context, callId, 'transfer', { kind, to, callerId, leg }))
  })

  const unpark = calls
    .command('unpark')
    .argument('<callId>', 'which call', uuidText)
    .argument('<to>', 'who takes the party up: an extension or a number')
    .description('ring whoever takes up the party that is parked')
  perform(unpark, terminal, ended, async (context, [callId = '', to = '']) =>
    say(context, await post(context, callId, 'unpark', { to })),
  )

  const dtmf = calls
    .command('dtmf')
    .argument('<callId>', 'which call', uuidText)
    .argument('<digits>', '0 to 9, *, # and A to D')
    .description('send digits to the other party, as if our user had pressed them')
    .addOption(legOption())
  perform(dtmf, terminal, ended, async (context, [callId = '', digits = '']) => {
    const { leg }: { leg?: string } = dtmf.opts()
    return say(context, await post(context, callId, 'dtmf', { digits, leg }))
  })

  const play = calls
    .command('play')
    .argument('<callId>', 'which call', uuidText)
    .description('play something to a leg, or to both')
    .option('--file <id>', 'an audio file', recordId)
    .option('--tone <tones>', "tones in the switch's notation")
    .option('--silence <milliseconds>', 'nothing at all', wholeNumber(20, 600_000))
    .option('--sound <name>', "a name below the switch's folder of sounds")
    .option('--loops <times>', 'how often', wholeNumber(1, 100))
    .option('--stop', 'stop what is played')
    .addOption(legOption('A, B, both, or the uuid of a leg'))
    .addHelpText(
      'after',
      "\nExamples:\n  strowger calls play 1f0c… --tone '%(400,200,425)' --loops 3 --leg both\n  strowger calls play 1f0c… --stop\n",
    )
  perform(play, terminal, ended, async (context, [callId = '']) => {
    const { file: fileId, tone, silence: silenceMs, sound, loops, leg, stop }: PlayOptions = play.opts()
    if (stop === true) {
      const where = leg === undefined ? '' : `?leg=${encodeURIComponent(leg)}`
      return say(context, await context.engine.send('DELETE', `/v1/calls/${uuidText(callId)}/play${where}`))
    }
    return say(context, await post(context, callId, 'play', { fileId, tone, silenceMs, sound, loops, leg }))
  })

  const bridge = calls
    .command('bridge')
    .argument('<callId>', 'one call', uuidText)
    .argument('<otherCallId>', 'the other', uuidText)
    .description('join the other parties of two calls; our users are let go')
    .option('--leg <leg>', 'the leg of the first call: A, B or a uuid', legText)
    .option('--other-leg <leg>', 'the leg of the second', legText)
  perform(bridge, terminal, ended, async (context, [callA = '', callB = '']) => {
    const { leg: a, otherLeg: b }: { leg?: string; otherLeg?: string } = bridge.opts()
    const body = { callA: uuidText(callA), callB: uuidText(callB), legs: { a, b } }
    return say(context, await context.engine.send('POST', '/v1/calls/bridge', body))
  })

  addConference(calls, terminal, ended)
  addSupervise(calls, terminal, ended)
}

const addConference = (calls: Command, terminal: Terminal, ended: Ended): void => {
  const conference = calls
    .command('conference')
    .argument('<callId>', 'which call', uuidText)
    .description('make a call a conference; see and change who is in it')
    .option('--name <name>', 'calls that name the same one meet there')
    .option('--add <to>', 'call somebody into it')
    .option('--members', 'who is in it')
    .option('--mute <legUuid>', 'a member whom nobody hears', uuidText)
    .option('--unmute <legUuid>', 'a member who is heard again', uuidText)
    .option('--remove <legUuid>', 'a member who is let go', uuidText)
    .option('--end', 'let everybody go')
    .addHelpText(
      'after',
      '\nExamples:\n  strowger calls conference 1f0c… --name sales\n  strowger calls conference 1f0c… --add 1003\n  strowger calls conference 1f0c… --members\n',
    )
  perform(conference, terminal, ended, async (context, [callId = '']) => {
    const { name, add, members, mute, unmute, remove, end }: ConferenceOptions = conference.opts()
    const path = `/v1/calls/${uuidText(callId)}/conference`
    const member = mute ?? unmute
    const { engine } = context
    if (add !== undefined) return say(context, await engine.send('POST', `${path}/members`, { to: add }))
    if (member !== undefined)
      return say(
        context,
        await engine.send('PATCH', `${path}/members/${member}`, { muted: mute !== undefined }),
      )
    if (remove !== undefined) return say(context, await engine.send('DELETE', `${path}/members/${remove}`))
    if (end === true) return say(context, await engine.send('DELETE', path))
    return say(context, members === true ? await engine.get(path) : await engine.send('POST', path, { name }))
  })
}

const addSupervise = (calls: Command, terminal: Terminal, ended: Ended): void => {
  const supervise = calls
    .command('supervise')
    .argument('<callId>', 'which call', uuidText)
    .description('ring a supervisor, who listens, whispers to our user, or talks with both')
    .option('--user <id>', 'the user who supervises', recordId)
    .option('--device <id>', 'one of his devices', recordId)
    .addOption(
      new Option('--mode <mode>', 'what he does').choices(['listen', 'whisper', 'barge']).default('listen'),
    )
    .option('--change', 'change the mode of who supervises already')
    .option('--end', 'let the supervisor go')
    .addOption(legOption('the leg of the user who is supervised: A, B or a uuid'))
    .addHelpText(
      'after',
      '\nExamples:\n  strowger calls supervise 1f0c… --user 7\n  strowger calls supervise 1f0c… --mode whisper --change\n  strowger calls supervise 1f0c… --end\n',
    )
  perform(supervise, terminal, ended, async (context, [callId = '']) => {
    const { user, device: deviceId, mode, change, end, leg }: SuperviseOptions = supervise.opts()
    const path = `/v1/calls/${uuidText(callId)}/supervise`
    if (end === true) return say(context, await context.engine.send('DELETE', path))
    if (change === true) return say(context, await context.engine.send('PATCH', path, { mode }))
    if (user === undefined) throw new InvalidArgumentError('Who supervises? Name a user with --user.')
    return say(
      context,
      await context.engine.send('POST', path, { supervisorUserId: user, deviceId, mode, leg }),
    )
  })
}

type TransferOptions = {
  readonly attended?: boolean
  readonly complete?: boolean
  readonly cancel?: boolean
  readonly callerId?: string
  readonly leg?: string
}

type PlayOptions = {
  readonly file?: number
  readonly tone?: string
  readonly silence?: number
  readonly sound?: string
  readonly loops?: number
  readonly leg?: string
  readonly stop?: boolean
}

type ConferenceOptions = {
  readonly name?: string
  readonly add?: string
  readonly members?: boolean
  readonly mute?: string
  readonly unmute?: string
  readonly remove?: string
  readonly end?: boolean
}

type SuperviseOptions = {
  readonly user?: number
  readonly device?: number
  readonly mode: string
  readonly change?: boolean
  readonly end?: boolean
  readonly leg?: string
}

const LEG_VERBS = [
  ['hold', 'put the other party on hold, who hears music'],
  ['unhold', 'take the other party back'],
  ['mute', 'nobody hears our user'],
  ['unmute', 'our user is heard again'],
  ['park', 'let our user go; the other party waits with music until `unpark`'],
] as const

const legText = (text: string): string => {
  if (/^(A|B|both)$/.test(text)) return text
  return uuidText(text)
}

const legOption = (
  description = "A (the caller), B (the called) or a leg's uuid; default: our user's",
): Option => new Option('--leg <leg>', description).argParser(legText)

const post = (
  context: Context,
  callId: string,
  verb: string,
  body: Readonly<Record<string, unknown>> = {},
): ReturnType<Context['engine']['send']> =>
  context.engine.send('POST', `/v1/calls/${uuidText(callId)}/${verb}`, body)

const say = (context: Context, answer: Awaited<ReturnType<Context['engine']['send']>>): number => {
  context.tell(answer)
  const conference = objectOf(answer['conference'])
  const members = answer['conference'] === undefined ? [] : listOf(conference, 'members')
  if (members.length > 0) {
    context.say(
      `conference ${textOf(conference, 'name')}`,
      ...table(
        ['LEG', 'PARTY', ''],
        members.map((member) => [
          textOf(member, 'legUuid'),
          textOf(member, 'party'),
          flagOf(member, 'muted') ? 'muted' : '',
        ]),
      ),
    )
    return EXIT.ok
  }
  const supervision = objectOf(answer['supervision'])
  if (answer['supervision'] !== undefined) {
    context.say(
      `${textOf(answer, 'status')}: ${textOf(supervision, 'mode')}, as call ${textOf(supervision, 'callId')}`,
    )
    return EXIT.ok
  }
  context.say(textOf(answer, 'status'))
  return EXIT.ok
}
