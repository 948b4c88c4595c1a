import { cpus } from 'node:os'
import { asError } from '../../src/base/errors.ts'

/**
 * The runner of `npm run bench -- NAME [--json]`. A bench is a module beside this one that exports `bench`; its
 * figures are ratios measured side by side in one run, never assertions. To add one, add its name to NAMES.
 */
export type Figure = {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What it is compared with, and how many times as much as that it is. */
  readonly peer?: string
  readonly ratio?: number
  /** In what it was measured, where a bench has several: a deck's shape, a load. */
  readonly of?: string
  /** How many rates were loaded. */
  readonly rates?: number
}

export type Bench = {
  readonly name: string
  /** One line. */
  readonly describe: string
  readonly run: () => Promise<Figure[]>
}

const NAMES = [
  'amd',
  'esl',
  'cdr-writes',
  'cdr-post',
  'cdr-search',
  'cdr-spool',
  'dialplan',
  'call-cpu',
  'call-delay',
  'lcr-lookup',
  'lcr-decisions',
  'lcr-import',
  'lcr-postgres',
  'lcr-reload',
  'outbox',
  'recordings',
  'reports',
]

const load = async (name: string): Promise<Bench> => {
  const module = (await import(`./${name}.ts`)) as { bench: Bench }
  return module.bench
}

const table = (figures: readonly Figure[]): string => {
  const rows = figures.map(({ name, of, rates, value, unit, peer, ratio }) => [
    [...(rates === undefined ? [] : [`${rates / 1e6}M`]), ...(of === undefined ? [] : [of]), name].join(', '),
    `${value.toLocaleString('en', { maximumSignificantDigits: 4 })} ${unit}`,
    ratio === undefined ? '' : `${ratio.toFixed(2)}x ${peer ?? ''}`,
  ])
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const main = async (args: readonly string[]): Promise<void> => {
  const json = args.includes('--json')
  const [wanted] = args.filter((arg) => !arg.startsWith('--'))
  if (wanted === undefined) {
    for (const name of NAMES) console.log(`${name.padEnd(12)} ${(await load(name)).describe}`)
    return
  }
  if (!NAMES.includes(wanted)) throw new Error(`no bench ${wanted}; there are: ${NAMES.join(', ')}`)
  const bench = await load(wanted)
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.version}`
  const figures = await bench.run()
  if (json) {
    for (const figure of figures) console.log(JSON.stringify({ bench: wanted, ...figure, machine }))
  } else {
    console.log(`${wanted}: ${bench.describe}\n${machine}\n\n${table(figures)}`)
  }
}

main(process.argv.slice(2)).catch((fault: unknown) => {
  console.error(asError(fault).message)
  process.exitCode = 1
})
