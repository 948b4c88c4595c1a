/** Exports and erasures as an engine would answer them, from memory. */
import type { CdrErasureDoors, CdrExportDoors } from '../../src/http/cdr-doors.ts'
import type { CdrErasure } from '../../src/store/cdr-erasure-rows.ts'

export const fakeExports = (): CdrExportDoors => ({
  export: ({ format }) => Promise.resolve(pieces(format)),
})

async function* pieces(format: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield await Promise.resolve(Buffer.from(`${format}\n`))
  yield Buffer.from('1\n')
}

export const fakeErasures = (): CdrErasureDoors => {
  const kept: CdrErasure[] = []
  return {
    erase: ({ organizationId, mode, reason, dryRun, actor }) => {
      const erasure: CdrErasure = {
        id: dryRun ? undefined : kept.length + 1,
        organizationId,
        mode,
        reason,
        ...actor,
        begunAt: Date.UTC(2026, 7, 1, 12),
        finishedAt: dryRun ? undefined : Date.UTC(2026, 7, 1, 12),
        counts: { calls: 1, held: 0, records: 2 },
      }
      if (!dryRun) kept.unshift(erasure)
      return Promise.resolve(erasure)
    },
    list: ({ organizationId }) =>
      Promise.resolve(
        kept.filter((one) => organizationId === undefined || one.organizationId === organizationId),
      ),
  }
}
