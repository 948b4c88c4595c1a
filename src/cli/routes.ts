/** `strowger route`: which way a number would go and why not another, and what another price list would have cost. */
import type { Command } from 'commander'
import { momentText, perform, recordId, type Terminal } from './context.ts'
import { EXIT } from './fault.ts'
import { table } from './format.ts'
import { listOf, objectOf, textOf, textsOf, type Json } from './json.ts'
import { addRouteReplay } from './route-replay.ts'

export const addRoutes = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const route = program.command('route').description('ask how numbers are routed')
  const explain = route
    .command('explain')
    .argument('<number>', 'a number as it would be dialled')
    .description(
      'which carriers would be tried for a number, in which order and at what price; nothing is dialled',
    )
    .option('--from <extension>', 'the extension that would dial, or the number of ours that would be shown')
    .option(
      '--at <when>',
      'the moment of the call, such as 2026-12-24T18:00',
      momentText(() => Date.now()),
    )
    .option('--org, --organization <id>', 'the organisation that would dial', recordId)
    .addHelpText(
      'after',
      '\nExamples:\n  strowger route explain +442079460123\n  strowger route explain 02079460123 --from 1001\n  strowger route explain +442079460123 --org 2 --at 2026-12-24T18:00\n',
    )
  perform(explain, terminal, ended, async (context, [number]) => {
    const { from, at, organization }: { from?: string; at?: string; organization?: number } = explain.opts()
    const answer = await context.engine.get('/v1/routes/explain', { number, from, at, organization })
    context.tell(answer)
    context.say(...decisionLines(objectOf(answer['explanation'])))
    return EXIT.ok
  })
  addRouteReplay(route, terminal, ended)
}

/** What was decided, or would be, for people. */
export const decisionLines = (decision: Json): readonly string[] => {
  const destination = textOf(decision, 'destination')
  const callerId = textOf(decision, 'callerId')
  const candidates = listOf(decision, 'candidates')
  const rejected = listOf(decision, 'rejected')
  const trace = textsOf(decision, 'trace')
  const refusal = textOf(decision, 'refusal')
  return [
    [
      `${textOf(decision, 'number')}: ${textOf(decision, 'numberClass')}`,
      ...(destination === '' ? [] : [destination]),
      ...(callerId === '' ? [] : [`shows ${callerId}`]),
    ].join(', '),
    ...(candidates.length === 0 ? [] : table(TITLES, candidates.map(candidateRow), WIDTH).map(indent)),
    ...(rejected.length === 0 ? [] : ['not taken:', ...rejected.map((one) => indent(rejection(one)))]),
    ...(trace.length === 0 ? [] : ['why:', ...trace.map(indent)]),
    `${refusal === '' ? '' : `${refusal}: `}${textOf(decision, 'outcome')}`,
  ]
}

/** Dial strings are there to be copied: a long name is no reason to cut them. */
const WIDTH = 160
const TITLES = [
  '',
  'CARRIER',
  'GATEWAY',
  'PREFIX',
  'DECK',
  'PER MINUTE',
  'CHARGED BY',
  'EXPECTED',
  'HEALTH',
  'DIALS',
]

const candidateRow = (candidate: Json): readonly string[] => [
  textOf(candidate, 'rank'),
  textOf(candidate, 'carrier'),
  textOf(candidate, 'gateway'),
  textOf(candidate, 'prefix'),
  textOf(candidate, 'deckId'),
  `${textOf(candidate, 'pricePerMinute')} ${textOf(candidate, 'currency')}${feeOf(candidate)}`.trim(),
  textOf(candidate, 'increments'),
  textOf(candidate, 'expectedCost'),
  textOf(candidate, 'health'),
  textOf(candidate, 'dialString'),
]

const feeOf = (candidate: Json): string => {
  const fee = textOf(candidate, 'connectionFee')
  return /[1-9]/.test(fee) ? ` + ${fee}` : ''
}

const rejection = (one: Json): string =>
  `${textOf(one, 'carrier')} (${textOf(one, 'gateway')}): ${textOf(one, 'reason')}, ${textOf(one, 'why')}`

const indent = (line: string): string => `  ${line}`
