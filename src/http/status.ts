/**
 * The one table from what went wrong to what the API says: HTTP status, public code and, where the fault's own
 * words are not for strangers, other words. Keys are codes of EngineError, of outcomes and of fastify. To add
 * one, add a row; what has none is a 500 that says nothing of itself.
 */
import { codeOf, EngineError } from '../base/errors.ts'
import type { ErrorAnswer } from './fields.ts'

export type PublicFault = { readonly status: number; readonly code: string; readonly message?: string }

export const STATUS: Readonly<Record<string, PublicFault>> = {
  INVALID_DESTINATION: { status: 400, code: 'INVALID_DESTINATION' },
  USER_NOT_FOUND: { status: 404, code: 'USER_NOT_FOUND' },
  ORGANIZATION_NOT_FOUND: { status: 404, code: 'ORGANIZATION_NOT_FOUND' },
  DEVICE_UNAVAILABLE: { status: 409, code: 'DEVICE_UNAVAILABLE' },
  CALLER_ID_NOT_ALLOWED: { status: 403, code: 'CALLER_ID_NOT_ALLOWED' },
  CARRIER_UNAVAILABLE: { status: 503, code: 'CARRIER_UNAVAILABLE' },
  SWITCH_UNAVAILABLE: { status: 503, code: 'SWITCH_UNAVAILABLE' },

  // Why a number got no route: 503 where it may get one later.
  PROFILE_NOT_FOUND: { status: 404, code: 'PROFILE_NOT_FOUND' },
  NO_PROFILE: { status: 404, code: 'NO_PROFILE' },
  NO_PREFIX: { status: 404, code: 'NO_PREFIX' },
  NOT_OFFERED: { status: 404, code: 'NOT_OFFERED' },
  BLOCKED: { status: 403, code: 'BLOCKED' },
  ALL_DOWN: { status: 503, code: 'ALL_DOWN' },
  OVER_CAPACITY: { status: 503, code: 'OVER_CAPACITY' },
  WOULD_LOSE_MONEY: { status: 503, code: 'WOULD_LOSE_MONEY' },

  HTTP_BAD_INPUT: { status: 400, code: 'BAD_INPUT' },
  HTTP_UNAUTHORIZED: { status: 401, code: 'UNAUTHORIZED' },
  HTTP_NOT_FOUND: { status: 404, code: 'NOT_FOUND' },
  HTTP_METHOD_NOT_ALLOWED: { status: 405, code: 'METHOD_NOT_ALLOWED' },
  HTTP_TOO_MANY_STREAMS: { status: 503, code: 'TOO_MANY_STREAMS' },

  STORE_BAD_INPUT: { status: 400, code: 'BAD_INPUT' },
  STORE_NOT_FOUND: { status: 404, code: 'NOT_FOUND' },
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

  CDR_UNREADABLE: { status: 400, code: 'CDR_UNREADABLE' },

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
