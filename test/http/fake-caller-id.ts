/** The doors of caller IDs, made of values. */
import { EngineError } from '../../src/base/errors.ts'
import type { CallerIdDoors } from '../../src/http/caller-id-doors.ts'
import type { Verification } from '../../src/http/caller-id-verification-json.ts'

export const VERIFICATION: Verification = {
  id: 7,
  organizationId: 1,
  userId: undefined,
  number: '+33142685300',
  method: 'call',
  state: 'pending',
  attemptsLeft: 5,
  codeExpiresAt: Date.UTC(2026, 7, 1, 12, 10),
  failure: undefined,
  verifiedAt: undefined,
  validUntil: undefined,
  createdAt: Date.UTC(2026, 7, 1, 12),
}

export const fakeCallerId: CallerIdDoors = {
  validate: ({ number, organizationId, userId }) => {
    if (organizationId === 404)
      throw new EngineError('ORGANIZATION_NOT_FOUND', 'there is no such organisation')
    return Promise.resolve({
      valid: true,
      number,
      normalized: '+442012345678',
      ownership: {
        type: userId === undefined ? 'organization' : 'user',
        verified: true,
        verificationDate: Date.UTC(2025, 5, 15, 10),
      },
      restrictions: [],
      carrierSupport: { bt_wholesale: true, vonage: false },
    })
  },
  list: (organizationId) => Promise.resolve(organizationId === 2 ? [] : [VERIFICATION]),
  find: (id) => Promise.resolve(id === VERIFICATION.id ? VERIFICATION : undefined),
  start: ({ number, method, userId }) => {
    if (method === 'sms') throw new EngineError('CALLER_ID_METHOD_AWAY', 'no SMS provider is configured')
    if (number === '+33142685301') throw new EngineError('CALLER_ID_TOO_MANY', 'too many codes')
    return Promise.resolve({ ...VERIFICATION, number, method, userId })
  },
  confirm: (id, code) => {
    if (id !== VERIFICATION.id) return Promise.resolve(undefined)
    if (code === '0000') throw new EngineError('CALLER_ID_CODE_OVER', 'the code is used up')
    if (code !== '123456')
      throw new EngineError('CALLER_ID_WRONG_CODE', 'code: it is another', { field: 'code' })
    return Promise.resolve({ ...VERIFICATION, state: 'verified', verifiedAt: Date.UTC(2026, 7, 1, 12, 5) })
  },
  remove: (id) => Promise.resolve(id === VERIFICATION.id),
}
