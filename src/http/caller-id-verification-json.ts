/** A number that somebody proves, or has proved, to be his, as our API tells it. */
import { Type } from '@sinclair/typebox'
import { iso, isoOrNull, nullable, time } from './fields.ts'

export type Verification = {
  readonly id: number
  readonly organizationId: number
  readonly userId: number | undefined
  readonly number: string
  readonly method: 'call' | 'sms'
  readonly state: 'pending' | 'verified' | 'expired' | 'failed'
  readonly attemptsLeft: number
  readonly codeExpiresAt: number
  readonly failure: string | undefined
  readonly verifiedAt: number | undefined
  readonly validUntil: number | undefined
  readonly createdAt: number
}

export const VerificationJson = Type.Object({
  id: Type.Integer(),
  organizationId: Type.Integer(),
  userId: nullable(Type.Integer({ description: 'who may show it; null: every user of the organisation' })),
  number: Type.String(),
  method: Type.String({ description: 'call or sms' }),
  state: Type.String({ description: 'pending, verified, expired or failed' }),
  attemptsLeft: Type.Integer({ description: 'codes that may still be tried' }),
  codeExpiresAt: time('until when the code is good'),
  failure: nullable(Type.String({ description: 'why the call or the message failed' })),
  verifiedAt: nullable(time('when it was proved')),
  validUntil: nullable(time('until when it counts; null: for good')),
  createdAt: time('asked for'),
})

export const verificationJson = (row: Verification) => ({
  id: row.id,
  organizationId: row.organizationId,
  userId: row.userId ?? null,
  number: row.number,
  method: row.method,
  state: row.state,
  attemptsLeft: row.attemptsLeft,
  codeExpiresAt: iso(row.codeExpiresAt),
  failure: row.failure ?? null,
  verifiedAt: isoOrNull(row.verifiedAt),
  validUntil: isoOrNull(row.validUntil),
  createdAt: iso(row.createdAt),
})
