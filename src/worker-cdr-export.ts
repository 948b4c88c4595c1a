/**
 * The worker thread of one export of call records: reads page by page on a connection of its own, and writes the file,
 * so that no call waits for it. It holds no transaction while whoever reads the file is slow. The engine's side is
 * app/cdr-exports.ts, which ends the thread when nobody reads any more.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { ExportSettings, FromExport, ToExport } from './app/cdr-export-messages.ts'
import { createByteWindow } from './app/rates-bytes.ts'
import { asError, EngineError } from './base/errors.ts'
import { cdrJson } from './http/cdr-json.ts'
import { csvOf } from './store/cdr-export-csv.ts'
import { parquetOf } from './store/cdr-export-parquet.ts'
import { exportColumns, exportRows } from './store/cdr-export-rows.ts'
import { streamCdrs } from './store/cdr-reads.ts'
import type { Queryable } from './store/database.ts'
import { connectForRates } from './store/rates-connection.ts'
import { withRecordings } from './store/recording-reads.ts'
import { withExternalObjects } from './store/target-deliveries.ts'

if (parentPort === null)
  throw new EngineError('APP_NOT_A_WORKER', 'this file is a worker thread of the engine')
const port = parentPort
const { databaseUrl, query, format } = workerData as ExportSettings
const tell = (message: FromExport): void => port.postMessage(message)
const UTF8 = new TextEncoder()
/** Handed over, not copied: the engine's thread has calls to serve. What gives bytes does not look at them again. */
const give = (bytes: Uint8Array): void => {
  const message: FromExport = { kind: 'bytes', bytes }
  const { buffer } = bytes
  port.postMessage(
    message,
    buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length ? [buffer] : [],
  )
}
const window = createByteWindow()
port.on('message', ({ taken }: ToExport) => window.taken(taken))

const fileOf = async (on: Queryable): Promise<AsyncIterable<Uint8Array>> => {
  if (format === 'ndjson') return linesOf(on)
  const columns = await exportColumns(on)
  const rows = ahead(exportRows(on, query, columns))
  return format === 'csv' ? csvOf(columns, rows) : parquetOf(columns, rows)
}

async function* linesOf(on: Queryable): AsyncGenerator<Uint8Array> {
  for await (const batch of ahead(streamCdrs(on, query))) {
    const listed = await withExternalObjects(on, await withRecordings(on, batch))
    yield UTF8.encode(listed.map((cdr) => `${JSON.stringify(cdrJson(cdr))}\n`).join(''))
  }
}

/** The next batch is asked for while this one is written. */
async function* ahead<Batch>(batches: AsyncGenerator<Batch>): AsyncGenerator<Batch> {
  let next = batches.next()
  for (;;) {
    const batch = await next
    if (batch.done === true) return
    next = batches.next()
    // Whoever asks for it hears of its fault.
    next.catch(() => undefined)
    yield batch.value
  }
}

const run = async (): Promise<void> => {
  const on = await connectForRates({ url: databaseUrl, purpose: 'cdr export' })
  try {
    for await (const bytes of await fileOf(on)) {
      const { length } = bytes
      give(bytes)
      await window.sent(length)
    }
    tell({ kind: 'end' })
  } finally {
    on.close()
  }
}

run().catch((fault: unknown) => {
  const { message } = asError(fault)
  tell({
    kind: 'failed',
    fault:
      fault instanceof EngineError
        ? { code: fault.code, message, details: fault.details }
        : { code: undefined, message, details: {} },
  })
})
