/** What a CDR keeps of how its party was heard. */
import type { Cdr } from '../cdr/cdr.ts'
import type { Quality } from '../cdr/quality.ts'

type Column = readonly [name: string, type: string, value: (cdr: Cdr) => string | number | boolean | null]

export const QUALITY_COLUMNS: readonly Column[] = [
  ['mos_score', 'numeric', (cdr) => within(cdr.quality?.mos, 9.99)],
  ['jitter_avg', 'numeric', (cdr) => within(cdr.quality?.jitterMs, 999_999)],
  ['packet_loss_pct', 'numeric', (cdr) => within(cdr.quality?.packetLossPercent, 100)],
]

export type QualityRow = {
  readonly mos_score: string | null
  readonly jitter_avg: string | null
  readonly packet_loss_pct: string | null
}

export const qualityIn = (row: QualityRow): { readonly quality?: Quality } =>
  row.mos_score === null
    ? {}
    : {
        quality: {
          mos: Number(row.mos_score),
          jitterMs: Number(row.jitter_avg ?? 0),
          packetLossPercent: Number(row.packet_loss_pct ?? 0),
        },
      }

/** A record is never refused for a figure: what its column cannot hold is cut. */
const within = (value: number | undefined, most: number): number | null =>
  value === undefined || !Number.isFinite(value) ? null : Math.min(most, Math.max(0, value))
