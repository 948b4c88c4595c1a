/** `strowger cdrs export`: call records into a file of any size. */
import { Option, type Command } from 'commander'
import { perform, type Terminal } from './context.ts'
import { withSearch, type SearchOptions } from './cdr-search.ts'
import { EXIT } from './fault.ts'
import { plain } from './json.ts'
import { addressOf } from './token.ts'
import { download } from './upload.ts'
import { writeWhole } from './write-whole.ts'

const FORMATS = ['csv', 'ndjson', 'parquet'] as const

export const addCdrExport = (cdrs: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const command = withSearch(cdrs.command('export'))
    .description('write call records into a file, oldest first: the calls that have ended until now')
    .addOption(new Option('--format <format>', 'of the file').choices(FORMATS).default('csv'))
    .option(
      '--output <file>',
      'into a file, which is replaced when all of it has come; else to standard output',
    )
    .addHelpText('after', HELP)
  perform(command, terminal, ended, async (context) => {
    const { output, ...query } = command.opts<SearchOptions & { readonly output?: string }>()
    const pieces = download(addressOf(command.optsWithGlobals(), terminal), {
      path: '/v1/cdrs/export',
      query,
      signal: terminal.interrupt,
    })
    if (output === undefined) {
      const utf8 = new TextDecoder()
      for await (const piece of pieces)
        if (terminal.outBytes === undefined) terminal.out(utf8.decode(piece, { stream: true }))
        else await terminal.outBytes(piece)
      return EXIT.ok
    }
    const bytes = await writeWhole(output, pieces, 0o600)
    context.tell({ success: true, file: output, bytes })
    context.say(`call records written to ${plain(output)} (${bytes} bytes)`)
    return EXIT.ok
  })
}

const HELP = `
Examples:
  strowger cdrs export --since 2026-08-01 --until 2026-09-01 --output august.csv
  strowger cdrs export --format parquet --since 90d --legs --output legs.parquet
  strowger cdrs export --format ndjson --disposition FAILED --since 24h | jq -r .hangupCause | sort | uniq -c

In CSV and Parquet a record is a row, with the columns of the table call_detail_records; call_cost and the like are of the
whole call. In NDJSON it is as \`strowger cdrs list --json\` tells it, with its attempts.
`
