/** What others wrote down of calls, read from disk as it comes: a carrier's CSV, the switch's own files. */
import { createReadStream } from 'node:fs'
import { open, opendir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse'
import { asError } from '../base/errors.ts'
import { openPost, readPost } from '../cdr/post.ts'
import {
  lineLayoutOf,
  readLine,
  type LineField,
  type LineLayout,
  type LineOptions,
} from '../cdr/reconcile-columns.ts'
import type { ReconciledCall } from '../cdr/reconcile.ts'
import type { SwitchLeg } from '../cdr/reconcile-switch.ts'
import { CliFault, EXIT, reasonOf } from './fault.ts'
import { plain } from './json.ts'

export type CarrierFile = {
  readonly calls: readonly ReconciledCall[]
  readonly layout: LineLayout
  /** Lines that are no call and say so by having no digits where a number is. */
  readonly skipped: number
  readonly unreadable: readonly string[]
}

/** A letterhead may stand before the header. */
const LONGEST_LETTERHEAD = 30
const MOST_TOLD = 100

/** Throws a CliFault where no line is a header. */
export const readCarrierFile = async (
  path: string,
  told: Readonly<Partial<Record<LineField, string>>>,
  options: LineOptions,
): Promise<CarrierFile> => {
  const calls: ReconciledCall[] = []
  const unreadable: string[] = []
  let layout: LineLayout | undefined
  let skipped = 0
  for await (const { cells, line } of rowsOf(path)) {
    if (layout === undefined) {
      layout = lineLayoutOf(cells, told)
      if (layout === undefined && line > LONGEST_LETTERHEAD) break
      continue
    }
    const at = layout.columns.number
    if (at === undefined || !/\d/.test(cells[at] ?? '')) {
      skipped += 1
      continue
    }
    try {
      calls.push(readLine(cells, `line ${line}`, layout, options))
    } catch (fault) {
      if (unreadable.length < MOST_TOLD) unreadable.push(plain(asError(fault).message))
      else skipped += 1
    }
  }
  if (layout === undefined)
    throw new CliFault(
      EXIT.badInput,
      'BAD_INPUT',
      `${plain(path)} has no line with names for the number, the time and the duration of a call: name the columns, as in --column number="Dialled No" --column time=3`,
    )
  return { calls, layout, skipped, unreadable }
}

type Row = { readonly cells: readonly string[]; readonly line: number }

async function* rowsOf(path: string): AsyncGenerator<Row, void, undefined> {
  const delimiter = await delimiterOf(path)
  const input = createReadStream(path)
  const rows = input.pipe(
    parse({
      ...{
        delimiter,
        bom: true,
        relax_column_count: true,
        relax_quotes: true,
        skip_empty_lines: true,
        info: true,
      },
    }),
  )
  input.on('error', (fault) => rows.destroy(fault))
  try {
    for await (const row of rows) {
      const { record, info } = row as { record: readonly string[]; info: { lines: number } }
      yield { cells: record, line: info.lines }
    }
  } catch (fault) {
    throw new CliFault(EXIT.badInput, 'BAD_INPUT', `${plain(path)} cannot be read: ${reasonOf(fault)}`, fault)
  }
}

/** What stands most often in the first lines, outside of quotes. */
const delimiterOf = async (path: string): Promise<string> => {
  let file
  try {
    file = await open(path)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16_384), 0, 16_384, 0)
    const text = buffer.toString('latin1', 0, bytesRead).replace(/"[^"]*"/g, '')
    const count = (mark: string): number => text.split(mark).length
    return [',', ';', '\t', '|'].reduce((best, mark) => (count(mark) > count(best) ? mark : best))
  } catch (fault) {
    throw new CliFault(EXIT.badInput, 'BAD_INPUT', `${plain(path)} cannot be read: ${reasonOf(fault)}`, fault)
  } finally {
    await file?.close()
  }
}

export type SwitchFiles = {
  readonly kind: 'json' | 'csv'
  readonly count: number
  readonly unreadable: readonly string[]
}

/** A folder of mod_json_cdr's files, or one file of mod_cdr_csv. `told` hears of every channel. */
export const readSwitchFiles = async (
  path: string,
  options: LineOptions,
  told: (leg: SwitchLeg) => void,
): Promise<SwitchFiles> => {
  let isFolder
  try {
    isFolder = (await stat(path)).isDirectory()
  } catch (fault) {
    throw new CliFault(EXIT.badInput, 'BAD_INPUT', `${plain(path)} cannot be read: ${reasonOf(fault)}`, fault)
  }
  return isFolder ? readJsonFolder(path, told) : readMasterFile(path, options, told)
}

const readJsonFolder = async (path: string, told: (leg: SwitchLeg) => void): Promise<SwitchFiles> => {
  const unreadable: string[] = []
  let count = 0
  for await (const entry of await opendir(path, { recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.json')) continue
    const file = join(entry.parentPath, entry.name)
    try {
      const post = openPost(readPost(await readFile(file)))
      const uuid = post.variable('uuid')
      if (uuid === undefined) throw new Error('it has no uuid')
      const started = post.time('start_uepoch', 'created_time')
      const talked = post.variable('billsec')
      told({
        legUuid: uuid.toLowerCase(),
        where: entry.name,
        startedAt: started === undefined ? undefined : started / 1_000,
        billableSeconds: talked !== undefined && /^\d{1,9}$/.test(talked) ? Number(talked) : undefined,
      })
      count += 1
    } catch (fault) {
      if (unreadable.length < MOST_TOLD) unreadable.push(`${plain(entry.name)}: ${reasonOf(fault)}`)
    }
  }
  return { kind: 'json', count, unreadable }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const STAMP = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})$/

/**
 * Master.csv of mod_cdr_csv: its template is the operator's, so the first uuid of a line is the channel's, its first
 * stamp the start, and the second number after the last stamp what was talked (cdr_csv.conf.xml, template `example`:
 * start, answer, end, duration, billsec, cause, uuid). It has no header.
 */
const readMasterFile = async (
  path: string,
  { zone }: LineOptions,
  told: (leg: SwitchLeg) => void,
): Promise<SwitchFiles> => {
  const unreadable: string[] = []
  let count = 0
  for await (const { cells, line } of rowsOf(path)) {
    const uuid = cells.find((cell) => UUID.test(cell))
    if (uuid === undefined) {
      if (unreadable.length < MOST_TOLD) unreadable.push(`line ${line}: there is no uuid`)
      continue
    }
    const last = cells.findLastIndex((cell) => STAMP.test(cell))
    const talked = last < 0 ? undefined : cells[last + 2]
    const stamp = STAMP.exec(cells.find((cell) => STAMP.test(cell)) ?? '')
    told({
      legUuid: uuid.toLowerCase(),
      where: `line ${line}`,
      startedAt: stamp === null ? undefined : wallMoment(stamp, zone),
      billableSeconds: talked !== undefined && /^\d{1,9}$/.test(talked) ? Number(talked) : undefined,
    })
    count += 1
  }
  return { kind: 'csv', count, unreadable }
}

const wallMoment = (stamp: RegExpExecArray, zone: LineOptions['zone']): number => {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = stamp.slice(1).map(Number)
  const wall = Date.UTC(year, month - 1, day, hour, minute, second)
  return wall - zone.offsetMs(wall - zone.offsetMs(wall))
}
