import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { silentLogger } from '../../src/base/logger.ts'
import { startPostgres } from '../../src/store/embedded-postgres.ts'
import { findPostgres, POSTGRES_ENVIRONMENT } from '../../src/store/postgres-binaries.ts'
import { preparePostgresFolder } from '../../src/store/postgres-folder.ts'
import { readPostmaster, stopPostmaster } from '../../src/store/postmaster.ts'
import type { RatesConnection } from '../../src/store/rates-connection.ts'
import { openFolder } from '../support/postgres.ts'
import type { Decks } from './lcr-decks.ts'

export type CarrierColumns = ReturnType<Decks['columnsOf']>

/**
 * A PostgreSQL of its own with room for everything in its buffers, which nothing else disturbs. It and its folder are
 * gone when `act` is over, and when this process ends before.
 */
export const withPostgres = async <Result>(act: (url: string) => Promise<Result>): Promise<Result> => {
  const { folder, remove } = openFolder()
  let pid: number | undefined
  const endNow = (): void => {
    if (pid !== undefined) process.kill(pid, 'SIGQUIT')
    remove()
  }
  const giveUp = (): never => process.exit(1)
  process.once('exit', endNow)
  for (const signal of ENDING) process.once(signal, giveUp)
  const options = { folder: join(folder, 'postgres'), logger: silentLogger, searchPath: process.env['PATH'] }
  try {
    const made = await startPostgres(options)
    pid = made.pid
    await made.stop()
    pid = undefined
    const place = await preparePostgresFolder(options.folder, silentLogger)
    const { bin } = await findPostgres({ ...options, searchPath: process.env['PATH'] ?? '', ...place })
    const { port } = new URL(made.url)
    const settings = Object.entries({ ...SETTINGS, port }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ])
    const server = spawn(join(bin, 'postgres'), ['-D', place.cluster, ...settings], {
      cwd: '/',
      env: POSTGRES_ENVIRONMENT,
      ...place.runAs,
      detached: true,
      stdio: 'ignore',
    })
    server.unref()
    pid = server.pid
    while ((await readPostmaster(place.cluster))?.ready !== true) {
      if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}`)
      await sleep(50)
    }
    try {
      return await act(made.url)
    } finally {
      if (pid !== undefined) await stopPostmaster(pid, place.cluster)
      pid = undefined
    }
  } finally {
    process.removeListener('exit', endNow)
    for (const signal of ENDING) process.removeListener(signal, giveUp)
    remove()
  }
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '3GB',
  maintenance_work_mem: '512MB',
  max_wal_size: '8GB',
  fsync: 'off',
  autovacuum: 'off',
}

/** What a generator of decks gave for each carrier. `lineOf` has the carrier from 1 on and the price in units of Money. */
export const copyDecks = async (
  on: RatesConnection,
  statement: string,
  carriers: readonly CarrierColumns[],
  lineOf: (carrier: number, prefix: string, price: number, kind: number) => string,
): Promise<void> => {
  const copy = on.copyFrom(statement)
  for (const [at, { count, bytes, starts, ends, prices, kinds }] of carriers.entries()) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
    let lines = ''
    for (let row = 0; row < count; row += 1) {
      lines += `${lineOf(at + 1, text.slice(starts[row], ends[row]), prices[row] ?? 0, kinds[row] ?? 0)}\n`
      if (lines.length < 1_000_000 && row + 1 < count) continue
      await copy.write(Buffer.from(lines, 'latin1'))
      lines = ''
    }
  }
  await copy.end()
}
