/** `strowger route explain`: which way a number would go, and why not another. */
import type { Command } from 'commander'
import { perform, recordId, type Terminal } from './context.ts'
import { EXIT } from './fault.ts'
import { table } from './format.ts'
import { listOf, objectOf, textOf, textsOf, type Json } from './json.ts'

export const addRoutes = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const route = program.command('route').description('ask how numbers are routed')
  const explain = route
    .command('explain')
    .argument('<number>', 'a number as it would be dialled')
    .description(
      'which carriers would be tried for a number, in which order and at what price; nothing is dialled',
    )
    .option('--from <extension>', 'the extension that would dial')
    .option('--organization <id>', 'the organisation that would dial', recordId)
    .addHelpText(
      'after',
      '\nExamples:\n  strowger route explain +442079460123\n  strowger route explain 02079460123 --from 1001\n',
    )
  perform(explain, terminal, ended, async (context, [number]) => {
    const { from, organization }: { from?: string; organization?: number } = explain.opts()
    const answer = await context.engine.get('/v1/routes/explain', { number, from, organization })
    context.tell(answer)
    context.say(...explanationLines(objectOf(answer['explanation'])))
    return EXIT.ok
  })
}

export const explanationLines = (explanation: Json): readonly string[] => {
  const destination = textOf(explanation, 'destination')
  const callerId = textOf(explanation, 'callerId')
  const candidates = listOf(explanation, 'candidates')
  const rejected = listOf(explanation, 'rejected')
  const trace = textsOf(explanation, 'trace')
  return [
    [
      `${textOf(explanation, 'number')}: ${textOf(explanation, 'numberClass')}`,
      ...(destination === '' ? [] : [destination]),
      ...(callerId === '' ? [] : [`shows ${callerId}`]),
    ].join(', '),
    ...(candidates.length === 0
      ? []
      : table(
          ['', 'CARRIER', 'GATEWAY', 'PREFIX', 'PER MINUTE', 'EXPECTED', 'DIALS'],
          candidates.map(candidateRow),
        ).map(indent)),
    ...(rejected.length === 0 ? [] : ['not taken:', ...rejected.map((one) => indent(rejection(one)))]),
    ...(trace.length === 0 ? [] : ['why:', ...trace.map(indent)]),
    textOf(explanation, 'outcome'),
  ]
}

const candidateRow = (candidate: Json): readonly string[] => [
  textOf(candidate, 'rank'),
  textOf(candidate, 'carrier'),
  textOf(candidate, 'gateway'),
  textOf(candidate, 'prefix'),
  `${textOf(candidate, 'pricePerMinute')} ${textOf(candidate, 'currency')}`.trim(),
  textOf(candidate, 'expectedCost'),
  textOf(candidate, 'dialString'),
]

const rejection = (one: Json): string =>
  `${textOf(one, 'carrier')} (${textOf(one, 'gateway')}): ${textOf(one, 'reason')}, ${textOf(one, 'why')}`

const indent = (line: string): string => `  ${line}`
