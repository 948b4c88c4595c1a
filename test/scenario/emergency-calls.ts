/** Emergency calls, which go on whatever a carrier says; and who may still make them. */
import { ANSWERS, refuses } from './parties.ts'
import type { Scenario } from './scenario.ts'

const notTried = { outcome: 'NOT_TRIED' } as const
const emergencyOver = ['A', 'B', 'C'] as const
const goneOn = [
  { carrier: 'A', outcome: 'FAILED', cause: 'CALL_REJECTED', sipStatus: 403 },
  { carrier: 'B', outcome: 'FAILED', cause: 'USER_BUSY', sipStatus: 486 },
  { carrier: 'C', outcome: 'FAILED', cause: 'CALL_REJECTED', sipStatus: 603 },
] as const

export const EMERGENCY_CALLS: readonly Scenario[] = [
  {
    name: 'emergency',
    emergency: ANSWERS,
    call: { from: '1001', to: '112', hangupAfterMs: 500 },
    expect: { status: 200, invited: ['emergency'], disposition: 'ANSWERED' },
  },
  {
    name: 'emergency-over-a-carrier',
    carriers: { A: refuses(403), B: ANSWERS },
    emergencyOver,
    call: { from: '1001', to: '112', hangupAfterMs: 500 },
    expect: {
      status: 200,
      invited: ['A', 'B'],
      attempts: [goneOn[0], { carrier: 'B', outcome: 'ANSWERED' }, { carrier: 'C', ...notTried }],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'emergency-after-403-486-and-603',
    carriers: { A: refuses(403), B: refuses(486), C: refuses(603) },
    emergency: ANSWERS,
    emergencyOver,
    call: { from: '1001', to: '112', hangupAfterMs: 500 },
    expect: {
      status: 200,
      invited: ['A', 'B', 'C', 'emergency'],
      attempts: goneOn,
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'emergency-nobody-takes-it',
    carriers: { A: refuses(403), B: refuses(486), C: refuses(603) },
    emergency: refuses(486),
    emergencyOver,
    call: { from: '1001', to: '112' },
    expect: {
      status: 503,
      invited: ['A', 'B', 'C', 'emergency'],
      attempts: goneOn,
      disposition: 'FAILED',
    },
  },
  {
    name: 'emergency-user-disabled',
    emergency: ANSWERS,
    disabled: '1006',
    call: { from: '1006', to: '112', hangupAfterMs: 500 },
    expect: { status: 200, invited: ['emergency'], disposition: 'ANSWERED' },
  },
  {
    name: 'call-user-disabled',
    phones: { '1002': ANSWERS },
    disabled: '1006',
    call: { from: '1006', to: '1002' },
    expect: { status: 403, invited: [] },
  },
  {
    name: 'emergency-engine-down',
    emergency: ANSWERS,
    withoutEngine: true,
    call: { from: '1001', to: '112', hangupAfterMs: 500 },
    expect: { status: 200, invited: ['emergency'], disposition: 'ANSWERED' },
  },
]
