/** `strowger calls`: start one and follow it, see those that are up, end one. */
import type { Command } from 'commander'
import { addCallControl } from './call-control.ts'
import { perform, recordId, uuidText, type Context, type Terminal } from './context.ts'
import { CliFault, EXIT } from './fault.ts'
import { flush, follow, NOTHING_YET, type Followed } from './follow.ts'
import { dayTime, table } from './format.ts'
import { flagOf, listOf, objectOf, textOf, timeOf, type Json } from './json.ts'
import { followLive } from './live.ts'
import { addWishes, wishesAsBody, type Wishes } from './originate-options.ts'
import { decisionLines } from './routes.ts'

/** How long the record of a call may take after its end. */
const CDR_WAIT_MS = 10_000
/** How long a failed attempt's line waits for the next attempt. */
const HOLD_MS = 1000

export const addCalls = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const calls = program.command('calls').description('start, see and end calls')

  const originate = calls
    .command('originate')
    .description('ring a phone, and when it is answered call a number; follows the call to its end')
    .requiredOption('--from <extension>', "the extension, or a device's user name, that is rung first")
    .requiredOption('--to <number>', 'the number as it would be dialled on that phone')
    .option('--no-follow', 'only start the call and print its id')
    .addHelpText('after', ORIGINATE_HELP)
  addWishes(originate)
  perform(originate, terminal, ended, async (context) => {
    const options: OriginateOptions = originate.opts()
    const started = await context.engine.send(
      'POST',
      '/v1/calls/originate',
      { from: options.from, to: options.to, ...wishesAsBody(options) },
      options.once === undefined ? {} : { 'idempotency-key': options.once },
    )
    const callId = textOf(started, 'callId')
    context.tell(started)
    if (!options.follow) {
      context.say(callId)
      return EXIT.ok
    }
    return followToTheEnd(context, callId)
  })

  const list = calls
    .command('list')
    .description('the calls that are up now')
    .option('--organization <id>', 'only those of an organisation', recordId)
  perform(list, terminal, ended, async (context) => {
    const { organization }: { organization?: number } = list.opts()
    const answer = await context.engine.get('/v1/calls', { organization })
    context.tell(answer)
    const found = listOf(answer, 'calls')
    if (found.length === 0) context.say('no calls')
    else context.say(...table(['CALL', 'STARTED', 'STATE', 'FROM', 'TO', ''], found.map(callRow)))
    return EXIT.ok
  })

  const watch = calls
    .command('watch')
    .argument('[callId]', 'one call; without it, all', uuidText)
    .description('print what happens to calls, until Ctrl-C')
    .addHelpText('after', '\nExamples:\n  strowger calls watch\n  strowger calls watch --json | jq .kind\n')
  perform(watch, terminal, ended, async (context, [callId]) => {
    if (callId !== undefined) {
      await context.engine.get(`/v1/calls/${uuidText(callId)}`)
      await followCall(context, uuidText(callId))
    } else await watchAll(context)
    return EXIT.ok
  })

  const hangup = calls
    .command('hangup')
    .argument('<callId>', 'which call', uuidText)
    .description('end a call')
  perform(hangup, terminal, ended, async (context, [callId = '']) => {
    context.tell(await context.engine.send('DELETE', `/v1/calls/${uuidText(callId)}`))
    context.say('hung up')
    return EXIT.ok
  })

  addCallControl(calls, terminal, ended)

  const decision = calls
    .command('decision')
    .argument('<callId>', 'which call', uuidText)
    .description('what was decided for a call, also long after it: which carriers, in which order, and why')
  perform(decision, terminal, ended, async (context, [callId = '']) => {
    const answer = await context.engine.get(`/v1/calls/${uuidText(callId)}/decision`)
    context.tell(answer)
    const decided = objectOf(answer['decision'])
    context.say(`decided ${dayTime(timeOf(decided, 'at') ?? 0)}`, ...decisionLines(decided))
    return EXIT.ok
  })
}

type OriginateOptions = Wishes & { readonly from: string; readonly to: string; readonly follow: boolean }

const ORIGINATE_HELP = `
Examples:
  strowger calls originate --from 1001 --to 1002
  strowger calls originate --from 1001 --to +442079460123 --caller-id +442079460001
  strowger calls originate --from 1001 --to +442079460123 --max-duration 600 --record
  strowger calls originate --from 1001 --to 1002 --header 'X-Account: 4711' --crm-record 4711 --crm-type Contact
  strowger calls originate --from 1001 --to 1002 --machine hangup --no-follow --once order-4711

--ring-timeout is for the phone that is rung first, --timeout for the destination. A call that is too much for
its organisation or its user says so (strowger quotas list); a premium-rate number has to be allowed there first.
`

const callRow = (call: Json): readonly string[] => [
  textOf(call, 'callId'),
  dayTime(timeOf(call, 'startedAt') ?? 0),
  textOf(call, 'state'),
  textOf(call, 'from'),
  textOf(call, 'to'),
  flagOf(call, 'simulated') ? 'simulated' : '',
]

const followToTheEnd = async (context: Context, callId: string): Promise<number> => {
  const state = await followCall(context, callId)
  if (state.endedBy === undefined && context.terminal.interrupt.aborted) {
    context.say(`the call goes on; to end it: strowger calls hangup ${callId}`)
    return state.answered ? EXIT.ok : EXIT.failed
  }
  if (state.answered) return EXIT.ok
  context.terminal.err(
    `strowger: the call was not answered: ${state.endedBy ?? 'it ended while the engine was away'}\n`,
  )
  return EXIT.failed
}

/** From the first event that the engine keeps of it to its record, or until Ctrl-C. */
const followCall = async (context: Context, callId: string): Promise<Followed> => {
  // One controller, told of the other: Node 20 may collect what AbortSignal.any returns, and never abort it.
  const over = new AbortController()
  const interrupted = (): void => over.abort()
  context.terminal.interrupt.addEventListener('abort', interrupted, { once: true })
  if (context.terminal.interrupt.aborted) over.abort()
  const timers = new Set<NodeJS.Timeout>()
  const after = (delayMs: number, act: () => void): void => void timers.add(setTimeout(act, delayMs))
  let state = NOTHING_YET
  const print = (step: { readonly state: Followed; readonly lines: readonly string[] }): void => {
    state = step.state
    context.say(...step.lines)
  }
  try {
    await followLive(context.engine, {
      callId,
      after: '0',
      signal: over.signal,
      onEvent: (event) => {
        context.tell(event)
        const wasUp = state.endedBy === undefined
        print(follow(state, event))
        if (state.held !== undefined) after(HOLD_MS, () => print(flush(state)))
        if (state.endedBy !== undefined && wasUp) after(CDR_WAIT_MS, () => over.abort())
        if (state.complete) over.abort()
      },
      onResumed: async () => {
        if (state.endedBy === undefined && !(await isUp(context, callId))) over.abort()
      },
    })
  } finally {
    context.terminal.interrupt.removeEventListener('abort', interrupted)
    for (const timer of timers) clearTimeout(timer)
  }
  return state
}

const isUp = async (context: Context, callId: string): Promise<boolean> => {
  try {
    await context.engine.get(`/v1/calls/${callId}`)
    return true
  } catch (fault) {
    if (fault instanceof CliFault && fault.exitCode === EXIT.badInput) return false
    throw fault
  }
}

const watchAll = async (context: Context): Promise<void> => {
  const states = new Map<string, Followed>()
  await followLive(context.engine, {
    callId: undefined,
    after: undefined,
    signal: context.terminal.interrupt,
    onEvent: (event) => {
      context.tell(event)
      const call = objectOf(event['call'])
      const callId = textOf(call, 'callId')
      const { state, lines } = follow(states.get(callId) ?? NOTHING_YET, event)
      const { state: told, lines: rest } = flush(state)
      if (told.complete) states.delete(callId)
      else states.set(callId, told)
      const who = `${textOf(call, 'from')} > ${textOf(call, 'to')}`
      context.say(...[...lines, ...rest].map((line) => `${line}  [${who}]`))
    },
    onResumed: () => Promise.resolve(),
  })
}
