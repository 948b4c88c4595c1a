/** What a phone or a carrier may do when it is called. */
import type { Party } from './scenario.ts'

export const refuses = (
  status: number,
  more: { reason?: string; ringAfterMs?: number; earlyMedia?: boolean; thenRings?: boolean } = {},
): Party => {
  const { reason, ...ringing } = more
  return {
    ...ringing,
    outcome: {
      kind: 'refuse',
      status,
      afterMs: more.ringAfterMs === undefined ? 50 : 600,
      ...(reason === undefined ? {} : { reason }),
    },
  }
}

export const ANSWERS: Party = { ringAfterMs: 50, outcome: { kind: 'answer', afterMs: 300 } }
export const HANGS_UP: Party = {
  ringAfterMs: 50,
  outcome: { kind: 'answer', afterMs: 300, hangupAfterMs: 500 },
}
export const SILENT: Party = { outcome: { kind: 'silent' } }
export const RINGS: Party = { ringAfterMs: 50, outcome: { kind: 'ring-forever' } }
