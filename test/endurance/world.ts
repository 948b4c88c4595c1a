/** What an endurance run needs of the place it runs in: a switch with calls, an engine that can be killed, records. */
import type { Database } from '../../src/store/database.ts'

export type EnduranceWorld = {
  readonly name: string
  /** Places one call that will end by itself. Never throws for what a call may meet. */
  readonly call: () => Promise<void>
  /** Resolves when the switch has no channel left. */
  readonly callsOver: () => Promise<unknown>
  /** Uuids of all channels that the switch ever made, as its events told. */
  readonly channels: () => readonly string[]
  readonly killEngine: () => Promise<void>
  readonly startEngine: () => Promise<void>
  /** In order: it seals what it holds. */
  readonly stopEngine: () => Promise<void>
  readonly metric: (name: string) => Promise<number>
  readonly database: Database
  /** Where the switch leaves the records that nobody took. */
  readonly cdrFolder: string
  /** Of the engine. */
  readonly dataDir: string
  readonly close: () => Promise<void>
}
