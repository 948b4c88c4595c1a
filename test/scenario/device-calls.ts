/** Calls to a user with more than one phone. */
import { ANSWERS, HANGS_UP, refuses, RINGS, SILENT } from './parties.ts'
import type { Scenario } from './scenario.ts'

const bothDevices = { invited: ['1004', '1004-mobile'], atOnce: true } as const
const answered = { disposition: 'ANSWERED', cause: 'NORMAL_CLEARING' } as const
const busy = { disposition: 'BUSY', cause: 'USER_BUSY', sipStatus: 486 } as const
const lostRace = { disposition: 'CANCELLED', cause: 'LOSE_RACE' } as const
const cancelled = { disposition: 'CANCELLED', cause: 'ORIGINATOR_CANCEL' } as const

export const DEVICE_CALLS: readonly Scenario[] = [
  {
    name: 'devices-one-answers',
    phones: { '1004': ANSWERS, '1004-mobile': RINGS },
    call: { from: '1001', to: '1004', hangupAfterMs: 500 },
    expect: {
      status: 200,
      ...bothDevices,
      legs: [
        { phone: '1004', ...answered },
        { phone: '1004-mobile', ...lostRace },
      ],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'devices-the-second-answers-and-hangs-up',
    phones: { '1004': RINGS, '1004-mobile': HANGS_UP },
    call: { from: '1001', to: '1004' },
    expect: {
      status: 200,
      ...bothDevices,
      legs: [
        { phone: '1004', ...lostRace },
        { phone: '1004-mobile', ...answered },
      ],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'devices-one-busy',
    phones: { '1004': refuses(486), '1004-mobile': ANSWERS },
    call: { from: '1001', to: '1004', hangupAfterMs: 500 },
    expect: {
      status: 200,
      ...bothDevices,
      legs: [
        { phone: '1004', ...busy },
        { phone: '1004-mobile', ...answered },
      ],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'devices-all-busy',
    phones: { '1004': refuses(486), '1004-mobile': refuses(486, { ringAfterMs: 50 }) },
    call: { from: '1001', to: '1004' },
    expect: {
      status: 486,
      ...bothDevices,
      legs: [
        { phone: '1004', ...busy },
        { phone: '1004-mobile', ...busy },
      ],
      disposition: 'BUSY',
    },
  },
  {
    name: 'devices-caller-cancels',
    phones: { '1004': RINGS, '1004-mobile': RINGS },
    call: { from: '1001', to: '1004', cancelAfterMs: 1_000 },
    expect: {
      status: 487,
      ...bothDevices,
      legs: [
        { phone: '1004', ...cancelled },
        { phone: '1004-mobile', ...cancelled },
      ],
      disposition: 'CANCELLED',
    },
  },
  {
    name: 'devices-the-first-not-registered',
    phones: { '1005': ANSWERS },
    call: { from: '1001', to: '1005', hangupAfterMs: 500 },
    expect: {
      status: 200,
      invited: ['1005'],
      legs: [{ phone: '1005', ...answered }],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'devices-the-second-not-registered',
    phones: { '1006': ANSWERS },
    call: { from: '1001', to: '1006', hangupAfterMs: 500 },
    expect: {
      status: 200,
      invited: ['1006'],
      legs: [{ phone: '1006', ...answered }],
      disposition: 'ANSWERED',
    },
  },
  {
    name: 'devices-the-first-not-registered-the-second-busy',
    phones: { '1005': refuses(486) },
    call: { from: '1001', to: '1005' },
    expect: { status: 486, invited: ['1005'], legs: [{ phone: '1005', ...busy }], disposition: 'BUSY' },
  },
  {
    name: 'devices-one-busy-the-second-not-registered',
    phones: { '1006': refuses(486) },
    call: { from: '1001', to: '1006' },
    expect: { status: 486, invited: ['1006'], legs: [{ phone: '1006', ...busy }], disposition: 'BUSY' },
  },
  {
    name: 'devices-one-silent',
    phones: { '1004': SILENT, '1004-mobile': ANSWERS },
    call: { from: '1001', to: '1004', hangupAfterMs: 500 },
    expect: {
      status: 200,
      ...bothDevices,
      legs: [
        { phone: '1004', ...lostRace },
        { phone: '1004-mobile', ...answered },
      ],
      disposition: 'ANSWERED',
    },
  },
]
