/**
 * The one table from what went wrong to what the API says: HTTP status, public code and, where the fault's own
 * words are not for strangers, other words. Keys are codes of EngineError, of outcomes and of fastify. To add
 * one, add a row; what has none is a 500 that says nothing of itself.
 */
import { codeOf, EngineError } from '../base/errors.ts'
import { CONTROL_REFUSALS } from '../call/control.ts'
import type { ErrorAnswer } from './fields.ts'

export type PublicFault = { readonly status: number; readonly code: string; readonly message?: string }

export const STATUS: Readonly<Record<string, PublicFault>> = {
  INVALID_DESTINATION: { status: 400, code: 'INVALID_DESTINATION' },
  USER_NOT_FOUND: { status: 404, code: 'USER_NOT_FOUND' },
  ORGANIZATION_NOT_FOUND: { status: 404, code: 'ORGANIZATION_NOT_FOUND' },
  DEVICE_UNAVAILABLE: { status: 409, code: 'DEVICE_UNAVAILABLE' },
  CALLER_ID_NOT_ALLOWED: { status: 403, code: 'CALLER_ID_NOT_ALLOWED' },
  CARRIER_UNAVAILABLE: { status: 503, code: 'CARRIER_UNAVAILABLE' },
  QUOTA_EXCEEDED: { status: 429, code: 'QUOTA_EXCEEDED' },
  INSUFFICIENT_BALANCE: { status: 402, code: 'INSUFFICIENT_BALANCE' },
  SWITCH_UNAVAILABLE: { status: 503, code: 'SWITCH_UNAVAILABLE' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, code: 'IDEMPOTENCY_KEY_REUSED' },
  IDEMPOTENCY_KEY_IN_FLIGHT: { status: 409, code: 'IDEMPOTENCY_KEY_IN_FLIGHT' },
  CALL_FATE_UNKNOWN: { status: 409, code: 'CALL_FATE_UNKNOWN' },
  POLICY_DISABLED: { status: 400, code: 'POLICY_DISABLED' },
  FILE_NOT_FOUND: { status: 404, code: 'FILE_NOT_FOUND' },

  // Why a number got no route: 503 where it may get one later.
  PROFILE_NOT_FOUND: { status: 404, code: 'PROFILE_NOT_FOUND' },
  NO_PROFILE: { status: 404, code: 'NO_PROFILE' },
  NO_PREFIX: { status: 404, code: 'NO_PREFIX' },
  NOT_OFFERED: { status: 404, code: 'NOT_OFFERED' },
  BLOCKED: { status: 403, code: 'BLOCKED' },
  ALL_DOWN: { status: 503, code: 'ALL_DOWN' },
  FRAUD_BLOCKED: { status: 403, code: 'FRAUD_BLOCKED' },
  PIN_REQUIRED: { status: 403, code: 'PIN_REQUIRED' },
  OVER_CAPACITY: { status: 503, code: 'OVER_CAPACITY' },
  WOULD_LOSE_MONEY: { status: 503, code: 'WOULD_LOSE_MONEY' },

  // The call's state does not allow what is asked of it (call/control).
  LEG_NOT_FOUND: { status: 404, code: 'LEG_NOT_FOUND' },
  ...Object.fromEntries(
    CONTROL_REFUSALS.filter((code) => code !== 'LEG_NOT_FOUND').map((code) => [code, { status: 409, code }]),
  ),
  CALL_BAD_MEDIA: { status: 400, code: 'BAD_INPUT' },

  HTTP_BAD_INPUT: { status: 400, code: 'BAD_INPUT' },
  HTTP_UNAUTHORIZED: { status: 401, code: 'UNAUTHORIZED' },
  ACCESS_OTHER_ORGANIZATION: { status: 403, code: 'FORBIDDEN' },
  ACCESS_FORBIDDEN: { status: 403, code: 'FORBIDDEN' },
  ACCESS_INSUFFICIENT_SCOPE: { status: 403, code: 'INSUFFICIENT_SCOPE' },
  DELIVER_ISSUER_AWAY: { status: 503, code: 'ISSUER_UNAVAILABLE' },
  HTTP_NOT_FOUND: { status: 404, code: 'NOT_FOUND' },
  HTTP_METHOD_NOT_ALLOWED: { status: 405, code: 'METHOD_NOT_ALLOWED' },
  HTTP_TOO_MANY_STREAMS: { status: 503, code: 'TOO_MANY_STREAMS' },

  // A recording of a live call, and why not.
  POLICY_NOT_FOUND: { status: 404, code: 'NOT_FOUND' },
  NOT_RECORDING: { status: 409, code: 'NOT_RECORDING' },
  ALREADY_RECORDING: { status: 409, code: 'ALREADY_RECORDING' },
  RECORDING_REQUIRED: { status: 403, code: 'RECORDING_REQUIRED' },
  CONSENT_REQUIRED: { status: 409, code: 'CONSENT_REQUIRED' },
  RECORDING_FAILED: { status: 503, code: 'RECORDING_FAILED' },
  RECORDING_BAD_SOUND: { status: 400, code: 'BAD_INPUT' },

  HTTP_RANGE: { status: 416, code: 'RANGE_NOT_SATISFIABLE' },
  RECORDING_HELD: { status: 409, code: 'LEGAL_HOLD' },
  RECORDING_LINK_OVER: { status: 403, code: 'LINK_EXPIRED' },
  MEDIA_GONE: {
    status: 503,
    code: 'RECORDING_UNAVAILABLE',
    message: 'the store does not have this recording',
  },
  MEDIA_DAMAGED: {
    status: 503,
    code: 'RECORDING_UNAVAILABLE',
    message: 'the store has this recording in a form that cannot be decrypted',
  },
  MEDIA_STORE_UNAVAILABLE: {
    status: 503,
    code: 'RECORDING_UNAVAILABLE',
    message: 'the store of recordings does not answer; try again',
  },

  STORE_BAD_INPUT: { status: 400, code: 'BAD_INPUT' },
  DELIVER_BAD_INPUT: { status: 400, code: 'BAD_INPUT' },
  STORE_NOT_FOUND: { status: 404, code: 'NOT_FOUND' },
  CALLER_ID_TOO_MANY: { status: 429, code: 'RATE_LIMITED' },
  CALLER_ID_WRONG_CODE: { status: 422, code: 'WRONG_CODE' },
  CALLER_ID_CODE_OVER: { status: 409, code: 'CODE_EXPIRED' },
  CALLER_ID_METHOD_AWAY: { status: 503, code: 'METHOD_UNAVAILABLE' },

  STORE_CONFLICT: { status: 409, code: 'CONFLICT' },
  STORE_IN_USE: { status: 409, code: 'CONFLICT' },
  STORE_UNAVAILABLE: {
    status: 503,
    code: 'DATABASE_UNAVAILABLE',
    message: 'the database does not answer; try again',
  },

  APP_RATES_LOST: {
    status: 503,
    code: 'RATES_UNAVAILABLE',
    message: 'rate decks cannot be handled just now; try again',
  },
  APP_NO_RATES: {
    status: 503,
    code: 'RATES_UNAVAILABLE',
    message: 'rate decks cannot be handled just now; try again',
  },
  APP_REPLAY_RUNNING: { status: 409, code: 'CONFLICT' },

  TELEPHONY_BAD_UUID: { status: 400, code: 'BAD_INPUT' },
  TELEPHONY_BAD_E164: { status: 400, code: 'BAD_INPUT' },
  TELEPHONY_BAD_PRICE: { status: 400, code: 'BAD_INPUT' },
  TELEPHONY_UNSAFE_VALUE: { status: 400, code: 'BAD_INPUT' },

  CDR_EXPORTS_BUSY: { status: 503, code: 'EXPORTS_BUSY' },
  CDR_UNREADABLE: { status: 400, code: 'CDR_UNREADABLE' },
  HTTP_ENCODING: { status: 415, code: 'MEDIA_TYPE' },

  FST_ERR_CTP_BODY_TOO_LARGE: {
    status: 413,
    code: 'BODY_TOO_LARGE',
    message: 'the body is larger than this route takes',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: 'MEDIA_TYPE',
    message: 'the body has to be application/json',
  },
  FST_ERR_CTP_EMPTY_TYPE: { status: 415, code: 'MEDIA_TYPE', message: 'the body has to be application/json' },
  FST_ERR_CTP_INVALID_JSON_BODY: { status: 400, code: 'BAD_INPUT', message: 'the body is not JSON' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { status: 400, code: 'BAD_INPUT', message: 'the body is empty' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    status: 400,
    code: 'BAD_INPUT',
    message: 'the body is not as long as its Content-Length',
  },
  FST_ERR_BAD_URL: { status: 400, code: 'BAD_INPUT', message: 'the path is not a valid one' },
  FST_ERR_ASYNC_CONSTRAINT: { status: 400, code: 'BAD_INPUT', message: 'the request cannot be read' },
  FST_ERR_MAX_PARAM_LENGTH: { status: 414, code: 'BAD_INPUT', message: 'the path is too long' },
}

/** Where a whole folder's faults mean the same to who asks. */
const FOLDERS: readonly (readonly [prefix: string, fault: PublicFault])[] = [
  [
    'SPOOL_',
    {
      status: 503,
      code: 'CDR_NOT_DURABLE',
      message: 'the record could not be written to disk; keep it and try again',
    },
  ],
  ['ESL_', { status: 503, code: 'SWITCH_UNAVAILABLE', message: 'FreeSWITCH does not answer; try again' }],
]

const INTERNAL: PublicFault = {
  status: 500,
  code: 'INTERNAL',
  message: 'something went wrong here; the log of the engine says what',
}

export const faultOf = (code: string | undefined): PublicFault => {
  if (code === undefined) return INTERNAL
  if (Object.hasOwn(STATUS, code)) return STATUS[code] ?? INTERNAL
  return FOLDERS.find(([prefix]) => code.startsWith(prefix))?.[1] ?? INTERNAL
}

/** The answer to anything that was thrown. Only an EngineError of the table speaks for itself. */
export const answerOf = (thrown: unknown): { readonly status: number; readonly body: ErrorAnswer } => {
  const fault = faultOf(codeOf(thrown))
  const own = thrown instanceof EngineError ? thrown : undefined
  const message = fault.message ?? own?.message ?? 'the request was refused'
  const field = own?.details['field']
  const problems = own?.details['problems']
  return {
    status: fault.status,
    body: {
      success: false,
      error: {
        code: fault.code,
        message,
        ...(typeof field === 'string' && fault.status < 500 ? { field } : {}),
        ...(isProblems(problems) && fault.status < 500 ? { details: { problems } } : {}),
      },
    },
  }
}

export type Problem = { field: string; message: string }

const isProblems = (value: unknown): value is Problem[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((one: unknown) => typeof one === 'object' && one !== null && 'field' in one && 'message' in one)
