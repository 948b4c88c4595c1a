/** How the party of a leg was heard, and how long its caller waited for a ring. */
import { Type } from '@sinclair/typebox'
import type { Cdr } from '../cdr/cdr.ts'
import { nullable } from './fields.ts'

export const QualityFieldsJson = {
  postDialDelayMs: nullable(
    Type.Integer({ description: 'from the beginning of the leg to its first ringing, or its answer' }),
  ),
  mosScore: nullable(
    Type.Number({ description: 'mean opinion score of what came from this party: 1 to 4.41 (ITU-T G.107)' }),
  ),
  jitterMs: nullable(Type.Number({ description: 'of what came from this party, near RFC 3550' })),
  packetLossPercent: nullable(
    Type.Number({ description: 'of what this party sent, as far as it can be told' }),
  ),
}

export const qualityJson = ({ startTime, progressTime, answerTime, quality }: Cdr) => {
  const rang = progressTime ?? answerTime
  return {
    postDialDelayMs: rang === undefined || rang < startTime ? null : rang - startTime,
    mosScore: quality?.mos ?? null,
    jitterMs: quality?.jitterMs ?? null,
    packetLossPercent: quality?.packetLossPercent ?? null,
  }
}
