/**
 * What the hunt makes of a carrier's failure: by default, and by a gateway's own rules. A gateway with rules that
 * causes cannot tell makes the hunt a conversation with the engine, which nobody outside may notice.
 */
import { ANSWERS, refuses, RINGS, SILENT } from './parties.ts'
import type { Scenario } from './scenario.ts'

const LONDON = '+442079460123'
const fromPhone = { from: '1001', to: LONDON, hangupAfterMs: 500 } as const
const failed = (
  carrier: 'A' | 'B' | 'C',
  cause: 'NORMAL_TEMPORARY_FAILURE' | 'CALL_REJECTED' | 'UNALLOCATED_NUMBER' | 'USER_BUSY',
  sipStatus: number,
) => ({ carrier, outcome: 'FAILED', cause, sipStatus }) as const
const answered = (carrier: 'A' | 'B' | 'C') => ({ carrier, outcome: 'ANSWERED' }) as const
const notTried = (...carriers: readonly ('B' | 'C')[]) =>
  carriers.map((carrier) => ({ carrier, outcome: 'NOT_TRIED' }) as const)

/** CALL_REJECTED is 403 and 603 alike: a rule for one of them cannot be told in causes. */
const FORBIDDEN_IS_OURS = { failover: { next: [403] } } as const
/** Told in causes it would end as 503, whatever the callee's number is. */
const NOT_FOUND_IS_NO_ROUTE = { failover: { next: [404] } } as const
const BUSY_IS_CONGESTION = { failover: { next: [486] } } as const

export const FAILOVER_CALLS: readonly Scenario[] = [
  {
    name: 'gateway-180-then-503',
    carriers: { A: refuses(503, { ringAfterMs: 100 }), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 503,
      invited: ['A'],
      attempts: [failed('A', 'NORMAL_TEMPORARY_FAILURE', 503), ...notTried('B', 'C')],
      disposition: 'FAILED',
    },
  },
  {
    name: 'gateway-503-then-180-then-503',
    carriers: { A: refuses(503), B: refuses(503, { ringAfterMs: 100 }), C: ANSWERS },
    call: fromPhone,
    expect: {
      status: 503,
      invited: ['A', 'B'],
      attempts: [
        failed('A', 'NORMAL_TEMPORARY_FAILURE', 503),
        failed('B', 'NORMAL_TEMPORARY_FAILURE', 503),
        ...notTried('C'),
      ],
      disposition: 'FAILED',
    },
  },
  {
    name: 'gateway-183-then-180-then-503',
    carriers: { A: refuses(503, { ringAfterMs: 100, earlyMedia: true, thenRings: true }), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 503,
      invited: ['A'],
      attempts: [failed('A', 'NORMAL_TEMPORARY_FAILURE', 503), ...notTried('B', 'C')],
      disposition: 'FAILED',
    },
  },
  {
    name: 'gateway-183-then-503-then-180-then-503',
    carriers: {
      A: refuses(503, { ringAfterMs: 100, earlyMedia: true }),
      B: refuses(503, { ringAfterMs: 100 }),
      C: ANSWERS,
    },
    call: fromPhone,
    expect: {
      status: 503,
      invited: ['A', 'B'],
      attempts: [
        failed('A', 'NORMAL_TEMPORARY_FAILURE', 503),
        failed('B', 'NORMAL_TEMPORARY_FAILURE', 503),
        ...notTried('C'),
      ],
      disposition: 'FAILED',
    },
  },
  {
    name: 'gateway-183-then-busy',
    carriers: { A: refuses(486, { ringAfterMs: 100, earlyMedia: true }), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 486,
      invited: ['A'],
      attempts: [failed('A', 'USER_BUSY', 486), ...notTried('B', 'C')],
      disposition: 'BUSY',
    },
  },
  {
    name: 'carrier-redirects-then-answer',
    carriers: { A: refuses(302), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 200,
      invited: ['A', 'B'],
      attempts: [
        { carrier: 'A', outcome: 'FAILED', cause: 'REQUESTED_CHAN_UNAVAIL' },
        answered('B'),
        ...notTried('C'),
      ],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'reason-believed-503-with-a-reason-of-busy',
    gateways: { A: { failover: { believes: 'reason' } } },
    carriers: { A: refuses(503, { reason: '17' }), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 486,
      invited: ['A'],
      attempts: [failed('A', 'USER_BUSY', 503), ...notTried('B', 'C')],
      disposition: 'BUSY',
      passesReason: true,
    },
  },
  {
    name: 'reason-believed-486-with-a-reason-of-congestion-then-answer',
    gateways: { A: { failover: { believes: 'reason' } } },
    carriers: { A: refuses(486, { reason: '34' }), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 200,
      invited: ['A', 'B'],
      attempts: [
        { carrier: 'A', outcome: 'FAILED', cause: 'NORMAL_CIRCUIT_CONGESTION', sipStatus: 486 },
        answered('B'),
        ...notTried('C'),
      ],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'conversation-403-then-answer',
    gateways: { A: FORBIDDEN_IS_OURS },
    carriers: { A: refuses(403, { reason: '21' }), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 200,
      invited: ['A', 'B'],
      attempts: [failed('A', 'CALL_REJECTED', 403), answered('B'), ...notTried('C')],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'conversation-callee-declines',
    gateways: { A: FORBIDDEN_IS_OURS },
    carriers: { A: refuses(603), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 603,
      invited: ['A'],
      attempts: [failed('A', 'CALL_REJECTED', 603), ...notTried('B', 'C')],
      disposition: 'BUSY',
    },
  },
  {
    name: 'conversation-503-then-callee-busy',
    gateways: { A: FORBIDDEN_IS_OURS },
    carriers: { A: refuses(503, { reason: '41' }), B: refuses(486), C: ANSWERS },
    call: fromPhone,
    expect: {
      status: 486,
      invited: ['A', 'B'],
      attempts: [
        failed('A', 'NORMAL_TEMPORARY_FAILURE', 503),
        failed('B', 'USER_BUSY', 486),
        ...notTried('C'),
      ],
      disposition: 'BUSY',
    },
  },
  {
    name: 'conversation-404-then-503-is-404',
    gateways: { A: NOT_FOUND_IS_NO_ROUTE },
    carriers: { A: refuses(404, { reason: '1' }), B: refuses(503, { reason: '34' }), C: refuses(500) },
    call: fromPhone,
    expect: {
      status: 404,
      invited: ['A', 'B', 'C'],
      attempts: [
        failed('A', 'UNALLOCATED_NUMBER', 404),
        failed('B', 'NORMAL_TEMPORARY_FAILURE', 503),
        failed('C', 'NORMAL_TEMPORARY_FAILURE', 500),
      ],
      disposition: 'FAILED',
    },
  },
  {
    name: 'conversation-404-then-answer',
    gateways: { A: NOT_FOUND_IS_NO_ROUTE },
    carriers: { A: refuses(404), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 200,
      invited: ['A', 'B'],
      attempts: [failed('A', 'UNALLOCATED_NUMBER', 404), answered('B'), ...notTried('C')],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'conversation-busy-then-503-is-busy',
    gateways: { A: BUSY_IS_CONGESTION },
    carriers: { A: refuses(486), B: refuses(503), C: SILENT },
    call: fromPhone,
    expect: {
      status: 486,
      invited: ['A', 'B', 'C'],
      attempts: [
        failed('A', 'USER_BUSY', 486),
        failed('B', 'NORMAL_TEMPORARY_FAILURE', 503),
        { carrier: 'C', outcome: 'FAILED', cause: 'PROGRESS_TIMEOUT' },
      ],
      disposition: 'BUSY',
      withinMs: 12_000,
    },
  },
  {
    name: 'conversation-all-carriers-fail',
    gateways: { A: NOT_FOUND_IS_NO_ROUTE },
    carriers: { A: refuses(503), B: refuses(500), C: refuses(503, { reason: '34' }) },
    call: fromPhone,
    expect: {
      status: 503,
      invited: ['A', 'B', 'C'],
      attempts: [
        failed('A', 'NORMAL_TEMPORARY_FAILURE', 503),
        failed('B', 'NORMAL_TEMPORARY_FAILURE', 500),
        failed('C', 'NORMAL_TEMPORARY_FAILURE', 503),
      ],
      disposition: 'FAILED',
    },
  },
  {
    name: 'conversation-180-then-503',
    gateways: { A: NOT_FOUND_IS_NO_ROUTE },
    carriers: { A: refuses(503, { ringAfterMs: 100 }), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 503,
      invited: ['A'],
      attempts: [failed('A', 'NORMAL_TEMPORARY_FAILURE', 503), ...notTried('B', 'C')],
      disposition: 'FAILED',
    },
  },
  {
    name: 'conversation-183-then-503-then-answer',
    gateways: { A: NOT_FOUND_IS_NO_ROUTE },
    carriers: { A: refuses(503, { ringAfterMs: 100, earlyMedia: true }), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 200,
      invited: ['A', 'B'],
      attempts: [failed('A', 'NORMAL_TEMPORARY_FAILURE', 503), answered('B'), ...notTried('C')],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'conversation-caller-cancels-the-second-carrier',
    gateways: { A: NOT_FOUND_IS_NO_ROUTE },
    carriers: { A: refuses(503), B: RINGS, C: ANSWERS },
    call: { from: '1001', to: LONDON, cancelAfterMs: 1_500 },
    expect: {
      status: 487,
      invited: ['A', 'B'],
      attempts: [
        failed('A', 'NORMAL_TEMPORARY_FAILURE', 503),
        { carrier: 'B', outcome: 'FAILED', cause: 'ORIGINATOR_CANCEL' },
        ...notTried('C'),
      ],
      disposition: 'CANCELLED',
    },
  },
]
