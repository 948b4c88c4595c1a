/** An outbox over a real PostgreSQL, with a board of its own on which calls are told. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openOutbox, type Outbox, type OutboxOptions } from '../../src/app/outbox.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { CallWish } from '../../src/call/wish.ts'
import type { Attempt } from '../../src/deliver/deliver-lanes.ts'
import { createBoard, type Board } from '../../src/engine/board.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { addWebhook, type Webhook } from '../../src/store/webhooks.ts'
import { newCallUuid, type CallUuid } from '../../src/telephony/call-uuid.ts'
import { testDatabase } from '../support/postgres.ts'

export type OutboxBench = {
  readonly outbox: Outbox
  readonly board: Board
  readonly database: Database
  readonly attempts: readonly Attempt[]
  readonly organizationId: number
  readonly webhook: (url: string, events?: readonly string[]) => Promise<{ webhook: Webhook; secret: string }>
  /** A call of the API, answered and ended; its id. */
  readonly call: (wish?: CallWish) => CallUuid
  readonly restart: () => Promise<void>
  readonly close: () => Promise<void>
}

export const openOutboxBench = async (changes: Partial<OutboxOptions> = {}): Promise<OutboxBench> => {
  const { url, drop } = await testDatabase()
  const database = openDatabase({ url, logger: silentLogger })
  const dataDir = mkdtempSync(join(tmpdir(), 'strowger-outbox-'))
  const masterKey = randomBytes(32)
  const [row] = await database.query<{ id: number }>(
    `INSERT INTO organizations (name, sip_domain, country, currency) VALUES ('A', 'a.test', 'GB', 'GBP') RETURNING id`,
  )
  const organizationId = row?.id ?? 0
  const attempts: Attempt[] = []
  const open = async (): Promise<{ board: Board; outbox: Outbox }> => {
    const board = createBoard({ clock: systemClock, logger: silentLogger })
    const outbox = await openOutbox({
      dataDir,
      database,
      databaseUrl: url,
      masterKeys: [masterKey],
      config: { allowNetworks: ['127.0.0.0/8'], allowHttp: true, giveUpHours: 72, logDays: 30 },
      board,
      costOf: () => Promise.resolve(undefined),
      onAttempt: (attempt) => attempts.push(attempt),
      clock: systemClock,
      logger: silentLogger,
      ...changes,
    })
    await outbox.reload()
    outbox.drain()
    return { board, outbox }
  }
  let current = await open()
  return {
    get outbox() {
      return current.outbox
    },
    get board() {
      return current.board
    },
    database,
    attempts,
    organizationId,
    webhook: async (to, events = ['*']) => {
      const made = await addWebhook(
        database,
        organizationId,
        { url: to, description: '', events, enabled: true },
        current.outbox.secrets,
      )
      await current.outbox.reload()
      return made
    },
    call: (wish) => tellCall(current.board, organizationId, wish),
    restart: async () => {
      await current.outbox.stop()
      current = await open()
    },
    close: async () => {
      await current.outbox.stop()
      await database.close()
      await drop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** From the first ring to the end, as the switch would tell it. */
export const tellCall = (board: Board, organizationId: number, wish?: CallWish): CallUuid => {
  const [callId, b] = [newCallUuid(), newCallUuid()]
  const leg = {
    attempt: undefined,
    gateway: undefined,
    gatewayId: undefined,
    carrier: undefined,
    direction: 'outbound',
    from: '1001',
    to: '+442079460123',
    simulated: true,
  } as const
  board.post(callId, {
    kind: 'initiated',
    organizationId,
    userId: 7,
    from: '1001',
    to: '+442079460123',
    wish,
  })
  board.post(callId, { kind: 'leg-seen', leg: { ...leg, legUuid: callId, leg: 'A', party: '1001' } })
  board.post(callId, { kind: 'leg', legUuid: callId, input: 'answer' })
  board.post(callId, { kind: 'leg-seen', leg: { ...leg, legUuid: b, leg: 'B', party: '+442079460123' } })
  board.post(callId, { kind: 'leg', legUuid: b, input: 'progress' })
  board.post(callId, { kind: 'leg', legUuid: b, input: 'answer' })
  board.post(callId, { kind: 'bridged' })
  board.post(callId, { kind: 'leg', legUuid: b, input: 'hangup', cause: 'NORMAL_CLEARING' })
  board.post(callId, { kind: 'leg', legUuid: callId, input: 'hangup', cause: 'NORMAL_CLEARING' })
  return callId
}

export const until = async (
  what: string,
  isSo: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> => {
  const end = Date.now() + timeoutMs
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
