/**
 * The pool of connections to PostgreSQL and what its answers mean. Rows become domain values in the file that
 * asked for them; this one only knows types of columns and kinds of faults.
 *
 * Faults are EngineErrors: STORE_UNAVAILABLE (`details.retryable` is true: the connection or the server failed,
 * the same statement may succeed later) and STORE_QUERY_FAILED (the statement or a value in it is at fault).
 */
import pg from 'pg'
import { asError, codeOf, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { copyIn } from './copy-in.ts'

/** What runs statements: the database, or one transaction in it. */
export type Queryable = {
  readonly query: <Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ) => Promise<readonly Row[]>
}

/** One transaction, on the connection that it holds. */
export type Transaction = Queryable & {
  /** `COPY ... FROM STDIN` with its input (copy-in.ts). */
  readonly copyIn: (statement: string, rows: string) => Promise<void>
}

export type Database = Queryable & {
  /** Runs `work` in one transaction: committed when it resolves, rolled back when it throws. */
  readonly transaction: <Result>(
    work: (on: Transaction) => Promise<Result>,
    mode?: 'read write' | 'snapshot',
  ) => Promise<Result>
  /** Resolves when the server answers; throws STORE_UNAVAILABLE where it does not. */
  readonly ping: () => Promise<void>
  readonly close: () => Promise<void>
}

export type DatabaseOptions = {
  readonly url: string
  readonly logger: Logger
  /** Connections at most. Default 10. */
  readonly connections?: number | undefined
  /** After which the server ends a statement. Default 15 s; migrations run on a connection of their own. */
  readonly statementTimeoutMs?: number | undefined
  /** To wait for a connection. Default 5 s. */
  readonly connectTimeoutMs?: number | undefined
}

const PING_TRIES = 3

/** Opens no connection yet: a database that is away is found by the first query, or by `ping`. */
export const openDatabase = (options: DatabaseOptions): Database => {
  const { url, logger, connections = 10, statementTimeoutMs = 15_000, connectTimeoutMs = 5_000 } = options
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 60_000,
    statement_timeout: statementTimeoutMs,
    // A server that went away without a word ends nothing: our own clock does, a little later.
    query_timeout: statementTimeoutMs + 5_000,
    keepAlive: true,
    application_name: 'strowger',
    types: COLUMN_TYPES,
  })
  const lost = (fault: Error): void => {
    logger.warn({ code: 'STORE_CONNECTION_LOST', why: fault.message }, 'a database connection was lost')
  }
  // Without listeners Node ends the process on these: pg-pool takes its own off while a client is in use.
  pool.on('error', lost)
  pool.on('connect', (client) => {
    client.on('error', lost)
  })

  const connect = async (): Promise<pg.PoolClient> => {
    try {
      return await pool.connect()
    } catch (fault) {
      throw faultOf(fault)
    }
  }

  return {
    query: (text, values) => run(pool, text, values),
    transaction: async (work, mode = 'read write') => {
      const client = await connect()
      try {
        await run(client, mode === 'snapshot' ? 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' : 'BEGIN')
        const result = await work({
          query: (text, values) => run(client, text, values),
          copyIn: (statement, rows) =>
            copyIn(client, statement, rows).catch((fault: unknown) => {
              throw faultOf(fault)
            }),
        })
        await run(client, 'COMMIT')
        client.release()
        return result
      } catch (fault) {
        await client.query('ROLLBACK').then(
          () => client.release(),
          // What cannot be rolled back is closed; the server rolls back by itself.
          (second: unknown) => client.release(asError(second)),
        )
        throw fault
      }
    },
    ping: async () => {
      // A pooled connection that died unnoticed says nothing of the server: the next one is asked too.
      for (let tries = 1; ; tries += 1) {
        try {
          await run(pool, 'SELECT 1')
          return
        } catch (fault) {
          if (tries === PING_TRIES || codeOf(fault) !== 'STORE_UNAVAILABLE') throw fault
        }
      }
    },
    close: () => pool.end(),
  }
}

const run = async <Row extends object>(
  on: pg.Pool | pg.PoolClient,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> => {
  try {
    const result = await on.query<Row & pg.QueryResultRow>(text, [...values])
    return result.rows
  } catch (fault) {
    throw faultOf(fault)
  }
}

/** Whatever pg threw, as an EngineError. */
export const faultOf = (fault: unknown): EngineError => {
  if (fault instanceof EngineError) return fault
  if (!(fault instanceof pg.DatabaseError)) {
    // Sockets, time-outs, a closed pool, a name that does not resolve: nothing that the server said.
    return new EngineError(
      'STORE_UNAVAILABLE',
      `no database: ${asError(fault).message}`,
      { retryable: true },
      fault,
    )
  }
  const { code: sqlState = '', constraint, table, column } = fault
  if (UNAVAILABLE_CLASSES.has(sqlState.slice(0, 2))) {
    return new EngineError(
      'STORE_UNAVAILABLE',
      `database: ${fault.message}`,
      { retryable: true, sqlState },
      fault,
    )
  }
  const details = { retryable: false, sqlState, constraint, table, column }
  return new EngineError('STORE_QUERY_FAILED', `database: ${fault.message}`, details, fault)
}

/**
 * Classes of SQLSTATE (PostgreSQL manual, appendix A) that say "not now", whatever the statement: connection 08,
 * a standby that was promoted elsewhere 25, authorisation 28, no such database 3D, conflict between transactions
 * 40, out of something 53, not in this state 55, operator's doing and time-outs 57, disk 58, internal XX.
 */
const UNAVAILABLE_CLASSES: ReadonlySet<string> = new Set([
  '08',
  '25',
  '28',
  '3D',
  '40',
  '53',
  '55',
  '57',
  '58',
  'XX',
])

/** True where the values of a statement are at fault: data exception 22, constraint 23, beyond a limit 54. */
export const isValueFault = (fault: EngineError): boolean =>
  fault.code === 'STORE_QUERY_FAILED' && /^(22|23|54)/.test(String(fault.details['sqlState']))

/** The constraint that a statement ran into, or undefined. */
export const constraintOf = (fault: unknown): string | undefined => {
  if (!(fault instanceof EngineError) || fault.code !== 'STORE_QUERY_FAILED') return undefined
  const constraint = fault.details['constraint']
  return typeof constraint === 'string' ? constraint : undefined
}

const { INT8, TIMESTAMPTZ } = pg.types.builtins

type TypeId = (typeof pg.types.builtins)[keyof typeof pg.types.builtins]

const parseDate = pg.types.getTypeParser(TIMESTAMPTZ) as (text: string) => Date | number | null

/** int8 as a number, refused where it would not be exact; timestamptz as milliseconds; numeric stays text. */
const COLUMN_TYPES = {
  getTypeParser: (oid: TypeId, format?: 'text' | 'binary') => {
    if (format !== 'binary' && oid === INT8) return parseInt8
    if (format !== 'binary' && oid === TIMESTAMPTZ) return parseTimestamp
    return pg.types.getTypeParser(oid, format) as (text: string) => unknown
  },
}

export const parseInt8 = (text: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value))
    throw new EngineError('STORE_INTEGER_RANGE', `${text} is beyond exact integers`)
  return value
}

/** `infinity` becomes Infinity. */
export const parseTimestamp = (text: string): number => {
  const parsed = parseDate(text)
  return parsed === null ? Number.NaN : Number(parsed)
}
