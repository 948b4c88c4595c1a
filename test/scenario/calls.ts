/** The scenarios, one call each. A new one is a row here or in one of the lists below; both drivers run it. */
import { DEVICE_CALLS } from './device-calls.ts'
import { EMERGENCY_CALLS } from './emergency-calls.ts'
import { FAILOVER_CALLS } from './failover-calls.ts'
import { ANSWERS, HANGS_UP, refuses, RINGS, SILENT } from './parties.ts'
import { OWN_NUMBER, type Scenario } from './scenario.ts'

const LONDON = '+442079460123'
const fromPhone = { from: '1001', to: LONDON, hangupAfterMs: 500 } as const
const failed503 = { outcome: 'FAILED', cause: 'NORMAL_TEMPORARY_FAILURE', sipStatus: 503 } as const
const notTried = { outcome: 'NOT_TRIED' } as const

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'first-carrier-answers',
    carriers: { A: ANSWERS },
    call: fromPhone,
    expect: {
      status: 200,
      invited: ['A'],
      attempts: [
        { carrier: 'A', outcome: 'ANSWERED' },
        { carrier: 'B', ...notTried },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'gateway-503-then-answer',
    carriers: { A: refuses(503), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 200,
      invited: ['A', 'B'],
      attempts: [
        { carrier: 'A', ...failed503 },
        { carrier: 'B', outcome: 'ANSWERED' },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'gateway-503-then-answer-and-the-carrier-hangs-up',
    carriers: { A: refuses(503), B: HANGS_UP },
    call: { from: '1001', to: LONDON },
    expect: {
      status: 200,
      invited: ['A', 'B'],
      attempts: [
        { carrier: 'A', ...failed503 },
        { carrier: 'B', outcome: 'ANSWERED' },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'gateway-183-then-503-then-answer',
    carriers: { A: refuses(503, { ringAfterMs: 100, earlyMedia: true }), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 200,
      invited: ['A', 'B'],
      attempts: [
        { carrier: 'A', ...failed503 },
        { carrier: 'B', outcome: 'ANSWERED' },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'gateway-503-with-a-reason-of-busy-then-answer',
    carriers: { A: refuses(503, { reason: '17' }), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 200,
      invited: ['A', 'B'],
      attempts: [
        { carrier: 'A', ...failed503 },
        { carrier: 'B', outcome: 'ANSWERED' },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'gateway-silent',
    carriers: { A: SILENT, B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 200,
      invited: ['A', 'B'],
      attempts: [
        { carrier: 'A', outcome: 'FAILED', cause: 'PROGRESS_TIMEOUT' },
        { carrier: 'B', outcome: 'ANSWERED' },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'ANSWERED',
      withinMs: 10_000,
    },
  },
  {
    name: 'callee-busy',
    carriers: { A: refuses(486), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 486,
      invited: ['A'],
      attempts: [
        { carrier: 'A', outcome: 'FAILED', cause: 'USER_BUSY', sipStatus: 486 },
        { carrier: 'B', ...notTried },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'BUSY',
    },
  },
  {
    name: 'gateway-503-then-callee-busy',
    carriers: { A: refuses(503, { reason: '41' }), B: refuses(486), C: ANSWERS },
    call: fromPhone,
    expect: {
      status: 486,
      invited: ['A', 'B'],
      attempts: [
        { carrier: 'A', ...failed503 },
        { carrier: 'B', outcome: 'FAILED', cause: 'USER_BUSY', sipStatus: 486 },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'BUSY',
    },
  },
  {
    name: 'callee-declines',
    carriers: { A: refuses(603), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 603,
      invited: ['A'],
      attempts: [
        { carrier: 'A', outcome: 'FAILED', cause: 'CALL_REJECTED', sipStatus: 603 },
        { carrier: 'B', ...notTried },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'BUSY',
    },
  },
  {
    name: 'carrier-forbids',
    carriers: { A: refuses(403), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 403,
      invited: ['A'],
      attempts: [
        { carrier: 'A', outcome: 'FAILED', cause: 'CALL_REJECTED', sipStatus: 403 },
        { carrier: 'B', ...notTried },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'FAILED',
    },
  },
  {
    name: 'gateway-503-then-carrier-forbids',
    carriers: { A: refuses(503), B: refuses(403), C: ANSWERS },
    call: fromPhone,
    expect: {
      status: 403,
      invited: ['A', 'B'],
      attempts: [
        { carrier: 'A', ...failed503 },
        { carrier: 'B', outcome: 'FAILED', cause: 'CALL_REJECTED', sipStatus: 403 },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'FAILED',
    },
  },
  {
    name: 'number-unallocated',
    carriers: { A: refuses(404), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 404,
      invited: ['A'],
      attempts: [
        { carrier: 'A', outcome: 'FAILED', cause: 'UNALLOCATED_NUMBER', sipStatus: 404 },
        { carrier: 'B', ...notTried },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'FAILED',
    },
  },
  {
    name: 'all-carriers-fail',
    carriers: { A: refuses(503), B: refuses(500), C: refuses(503, { reason: '34' }) },
    call: fromPhone,
    expect: {
      status: 503,
      invited: ['A', 'B', 'C'],
      attempts: [
        { carrier: 'A', ...failed503 },
        { carrier: 'B', outcome: 'FAILED', cause: 'NORMAL_TEMPORARY_FAILURE', sipStatus: 500 },
        { carrier: 'C', ...failed503 },
      ],
      disposition: 'FAILED',
    },
  },
  {
    name: 'all-carriers-fail-differently',
    carriers: { A: refuses(503), B: SILENT, C: refuses(408) },
    call: fromPhone,
    expect: {
      status: 503,
      invited: ['A', 'B', 'C'],
      attempts: [
        { carrier: 'A', ...failed503 },
        { carrier: 'B', outcome: 'FAILED', cause: 'PROGRESS_TIMEOUT' },
        { carrier: 'C', outcome: 'FAILED', cause: 'RECOVERY_ON_TIMER_EXPIRE', sipStatus: 408 },
      ],
      disposition: 'FAILED',
      withinMs: 12_000,
    },
  },
  {
    name: 'carrier-gives-up-ringing',
    carriers: { A: refuses(480, { ringAfterMs: 100 }), B: ANSWERS },
    call: fromPhone,
    expect: {
      status: 480,
      invited: ['A'],
      attempts: [
        { carrier: 'A', outcome: 'FAILED', cause: 'NO_USER_RESPONSE', sipStatus: 480 },
        { carrier: 'B', ...notTried },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'NO_ANSWER',
    },
  },
  {
    name: 'caller-cancels',
    carriers: { A: RINGS, B: ANSWERS },
    call: { from: '1001', to: LONDON, cancelAfterMs: 1_000 },
    expect: {
      status: 487,
      invited: ['A'],
      attempts: [
        { carrier: 'A', outcome: 'FAILED', cause: 'ORIGINATOR_CANCEL' },
        { carrier: 'B', ...notTried },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'CANCELLED',
    },
  },
  {
    name: 'caller-cancels-the-second-carrier',
    carriers: { A: refuses(503), B: RINGS, C: ANSWERS },
    call: { from: '1001', to: LONDON, cancelAfterMs: 1_500 },
    expect: {
      status: 487,
      invited: ['A', 'B'],
      attempts: [
        { carrier: 'A', ...failed503 },
        { carrier: 'B', outcome: 'FAILED', cause: 'ORIGINATOR_CANCEL' },
        { carrier: 'C', ...notTried },
      ],
      disposition: 'CANCELLED',
    },
  },
  {
    name: 'phone-to-phone',
    phones: { '1002': ANSWERS },
    call: { from: '1001', to: '1002', hangupAfterMs: 500 },
    expect: { status: 200, invited: ['1002'], disposition: 'ANSWERED' },
  },
  {
    name: 'phone-busy',
    phones: { '1002': refuses(486) },
    call: { from: '1001', to: '1002' },
    expect: { status: 486, invited: ['1002'], disposition: 'BUSY' },
  },
  {
    name: 'phone-declines',
    phones: { '1002': refuses(603) },
    call: { from: '1001', to: '1002' },
    expect: { status: 603, invited: ['1002'], disposition: 'BUSY' },
  },
  {
    name: 'phone-not-registered',
    call: { from: '1001', to: '1003' },
    expect: { status: 480, invited: [], disposition: 'NO_ANSWER' },
  },
  {
    name: 'phone-to-our-own-number',
    phones: { '1002': HANGS_UP },
    call: { from: '1001', to: '02079460102' },
    expect: { status: 200, invited: ['1002'], disposition: 'ANSWERED' },
  },
  {
    name: 'did-to-phone',
    phones: { '1002': ANSWERS },
    call: { from: 'carrier A', to: OWN_NUMBER, hangupAfterMs: 500 },
    expect: { status: 200, invited: ['1002'], disposition: 'ANSWERED' },
  },
  {
    name: 'did-busy',
    phones: { '1002': refuses(486) },
    call: { from: 'carrier A', to: '442079460102' },
    expect: { status: 486, invited: ['1002'], disposition: 'BUSY' },
  },
  {
    name: 'did-unknown',
    call: { from: 'carrier A', to: '+442079460199' },
    expect: { status: 404, invited: [], disposition: 'FAILED' },
  },
  {
    name: 'stranger-refused',
    phones: { '1002': ANSWERS },
    call: { from: 'a stranger', to: OWN_NUMBER },
    expect: { status: 403, invited: [] },
  },
  {
    name: 'extension-unknown',
    call: { from: '1001', to: '1099' },
    expect: { status: 404, invited: [], disposition: 'FAILED' },
  },
  {
    name: 'call-engine-down',
    carriers: { A: ANSWERS },
    withoutEngine: true,
    call: { from: '1001', to: LONDON },
    expect: { status: 503, invited: [], disposition: 'FAILED' },
  },
  ...DEVICE_CALLS,
  ...EMERGENCY_CALLS,
  ...FAILOVER_CALLS,
]
