/** The command line: for engineers, against the HTTP API of an engine here or on another host. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { addAccess } from './access.ts'
import { addCallerId } from './caller-id.ts'
import { addCalls } from './calls.ts'
import { addCdrs } from './cdrs.ts'
import { addDecks } from './decks.ts'
import { addCompletion } from './completion.ts'
import type { Terminal } from './context.ts'
import { CliFault, EXIT } from './fault.ts'
import { plain } from './json.ts'
import { addFraud } from './fraud.ts'
import { addGatewayHealth } from './gateway-health.ts'
import { addBalances } from './balances.ts'
import { addQuotas } from './quotas.ts'
import { addRating } from './rating.ts'
import { addRecordingPolicies } from './recording-policies.ts'
import { addArchives } from './archives.ts'
import { addRecordings } from './recordings.ts'
import { addRecords } from './records.ts'
import { addReports } from './reports.ts'
import { addRoutes } from './routes.ts'
import { addBans, addStatus } from './status.ts'
import { addTargets } from './targets.ts'
import { addWebhooks } from './webhooks.ts'

/** Runs one command; resolves with the exit code: 0 done, 1 failed, 2 bad input, 3 no engine answers. */
export const runCli = async (args: readonly string[], terminal: Terminal): Promise<number> => {
  let exitCode: number = EXIT.ok
  const program = createProgram(terminal, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exitCode
  } catch (fault) {
    return explainFault(fault, args.includes('--json'), terminal)
  }
}

export const createProgram = (terminal: Terminal, ended: (exitCode: number) => void): Command => {
  const version = versionOf(terminal.packageDirectory)
  const program = new Command('strowger')
    .description('Commands a Strowger engine: calls, routes, records and carriers.')
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      // Commander repeats what was typed: an escape sequence must not reach the terminal that way.
      writeErr: (text) => terminal.err(text.split('\n').map(plain).join('\n')),
    })
    .showHelpAfterError('(add --help for more)')
    .option('--json', 'print JSON: one document, or one a line for what goes on')
    .option('--url <url>', 'the engine (default: STROWGER_URL, or http://127.0.0.1:8080)')
    .option(
      '--token <token>',
      'its token, or an API key (default: STROWGER_TOKEN, or the file .strowger/admin-token)',
    )
    .version(version)
    .addHelpText('after', HELP)
  addCalls(program, terminal, ended)
  addCallerId(program, terminal, ended)
  addRoutes(program, terminal, ended)
  addCdrs(program, terminal, ended)
  addBans(program, terminal, ended)
  addRecordings(program, terminal, ended)
  addArchives(program, terminal, ended)
  addRecordingPolicies(program, terminal, ended)
  addQuotas(program, terminal, ended)
  addFraud(program, terminal, ended)
  addRating(program, terminal, ended)
  addBalances(program, terminal, ended)
  addReports(program, terminal, ended)
  addRecords(program, terminal, ended)
  addDecks(program, terminal, ended)
  addGatewayHealth(program, terminal, ended)
  addAccess(program, terminal, ended)
  addWebhooks(program, terminal, ended)
  addTargets(program, terminal, ended)
  addStatus(program, terminal, ended)
  addCompletion(program, terminal, ended)
  program
    .command('version')
    .description('print the version of this command')
    .action(() => {
      const json = program.opts<{ json?: boolean }>().json === true
      terminal.out(json ? `${JSON.stringify({ version })}\n` : `strowger ${version}\n`)
      ended(EXIT.ok)
    })
  return program
}

const HELP = `
Examples:
  strowger calls originate --from 1001 --to +442079460123
  strowger route explain +442079460123 --from 1001
  strowger cdrs list --since 24h
  strowger --url http://engine.example:8080 health

Exit codes: 0 done, 1 failed, 2 bad input, 3 no engine answers.
`

const explainFault = (fault: unknown, json: boolean, terminal: Terminal): number => {
  if (fault instanceof CommanderError) {
    if (fault.exitCode === 0) return EXIT.ok
    if (json) tellFault(terminal, 'BAD_INPUT', fault.message.replace(/^error: /, ''))
    return EXIT.badInput
  }
  const known = fault instanceof CliFault ? fault : undefined
  const message = known?.message ?? (fault instanceof Error ? fault.message : String(fault))
  if (json) tellFault(terminal, known?.code ?? 'FAILED', message)
  terminal.err(`strowger: ${message}\n`)
  return known?.exitCode ?? EXIT.failed
}

const tellFault = (terminal: Terminal, code: string, message: string): void =>
  terminal.out(`${JSON.stringify({ success: false, error: { code, message } })}\n`)

const versionOf = (packageDirectory: string): string => {
  const description: unknown = JSON.parse(readFileSync(join(packageDirectory, 'package.json'), 'utf8'))
  if (typeof description !== 'object' || description === null || !('version' in description)) return 'unknown'
  return String(description.version)
}
