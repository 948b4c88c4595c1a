/**
 * A connection of its own for COPY: rates go in and out as a stream of blocks, for longer than any statement of a
 * request may take. Everything that it throws is an EngineError, as database.ts says.
 */
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { asError } from '../base/errors.ts'
import { faultOf, parseInt8, parseTimestamp, type Queryable } from './database.ts'

export type RatesConnection = Queryable & {
  /** The blocks as they come: a row may begin in one and end in the next. Read them to their end. */
  readonly copyTo: (statement: string) => AsyncIterable<Uint8Array>
  readonly copyFrom: (statement: string) => CopyIn
  /** At once: the server rolls back what was not committed. */
  readonly close: () => void
}

export type CopyIn = {
  /** Resolves when more may come. */
  readonly write: (block: Uint8Array) => Promise<void>
  /** Resolves when the server has taken all of it, with its count of rows. */
  readonly end: () => Promise<number>
  /** The statement fails, and with it the transaction, which is left to be rolled back. */
  readonly abort: () => Promise<void>
}

export type RatesConnectionOptions = {
  readonly url: string
  /** Stands in pg_stat_activity behind `strowger `. */
  readonly purpose: string
}

/** Throws STORE_UNAVAILABLE. */
export const connectForRates = async ({ url, purpose }: RatesConnectionOptions): Promise<RatesConnection> => {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: `strowger ${purpose}`,
    types: COLUMN_TYPES,
  })
  // What runs at that moment throws it; without a listener Node would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(SETTINGS)
  } catch (fault) {
    client.connection.stream.destroy()
    throw faultOf(fault)
  }
  return {
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) => {
      try {
        return (await client.query<Row & pg.QueryResultRow>(text, [...values])).rows
      } catch (fault) {
        throw faultOf(fault)
      }
    },
    copyTo: (statement) => blocksOf(client, statement),
    copyFrom: (statement) => copyIn(client, statement),
    close: () => client.connection.stream.destroy(),
  }
}

/** What a role or a database may have set otherwise; the limits of time are for statements of requests. */
const SETTINGS = `SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO'; SET client_encoding TO 'UTF8';
  SET statement_timeout TO 0; SET idle_in_transaction_session_timeout TO 0;
  SET max_parallel_workers_per_gather TO 0`

const COPY_BUFFER_BYTES = 1024 * 1024

async function* blocksOf(client: pg.Client, statement: string): AsyncIterable<Uint8Array> {
  const stream = client.query(copyTo(statement, { highWaterMark: COPY_BUFFER_BYTES }))
  try {
    for await (const block of stream as AsyncIterable<Uint8Array>) yield block
  } catch (fault) {
    throw faultOf(fault)
  }
}

const copyIn = (client: pg.Client, statement: string): CopyIn => {
  const stream = client.query(copyFrom(statement, { highWaterMark: COPY_BUFFER_BYTES }))
  let isBroken = false
  // A connection that is lost calls back no write that waits for it: this tells of it.
  const failed = new Promise<never>((_resolve, reject) => {
    stream.on('error', (fault) => {
      isBroken = true
      reject(faultOf(fault))
    })
  })
  // Whoever waits hears of it; nobody may be waiting just then.
  failed.catch(() => undefined)
  const done = (act: (callback: (fault?: Error | null) => void) => void): Promise<void> =>
    Promise.race([
      failed,
      new Promise<void>((resolve, reject) => {
        act((fault) => (fault === null || fault === undefined ? resolve() : reject(faultOf(fault))))
      }),
    ])
  return {
    write: (block) => done((callback) => stream.write(block, callback)),
    end: async () => {
      await done((callback) => stream.end(callback))
      return stream.rowCount
    },
    abort: async () => {
      if (isBroken) return
      await new Promise((resolve) => {
        stream.once('close', resolve)
        stream.destroy(asError('the import was given up'))
      })
    },
  }
}

const { INT8, TIMESTAMPTZ } = pg.types.builtins

/** As the pool's. */
const COLUMN_TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    if (format !== 'binary' && oid === INT8) return parseInt8
    if (format !== 'binary' && oid === TIMESTAMPTZ) return parseTimestamp
    return pg.types.getTypeParser(oid, format) as (text: string) => unknown
  },
}
