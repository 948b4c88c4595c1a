import assert from 'node:assert/strict'
import type { CarriedCall } from '../../src/call/carried.ts'
import type { LiveCall, LiveEvent, LiveLeg } from '../../src/call/live-call.ts'
import { createHealthFeed } from '../../src/engine/health-feed.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { uuid } from '../support/snapshot.ts'

type Told = readonly [what: string, given: Readonly<Record<string, unknown>>]

const setUp = () => {
  const told: Told[] = []
  const note = (what: string) => (given: unknown) => {
    told.push([what, (typeof given === 'string' ? { callId: given } : given) as Record<string, unknown>])
  }
  const feed = createHealthFeed({
    health: {
      attemptPlanned: note('planned'),
      attemptStarted: note('started'),
      attemptAnswered: note('answered'),
      attemptEnded: note('ended'),
      callEnded: note('call ended'),
    },
    carrierOf: (gatewayId) => (gatewayId === 7 ? 70 : undefined),
  })
  return { feed, told }
}

const CALL: CarriedCall = {
  callId: uuid(1),
  organizationId: 1,
  direction: 'outbound',
  userId: 11,
  dialled: '020 7946 0958',
  destination: asE164('+442079460958'),
  callerNumber: undefined,
  lcrProfileId: 1,
  attempts: [1, 2].map((n) => ({
    n,
    callId: uuid(1),
    legUuid: uuid(100 + n),
    organizationId: 1,
    userId: 11,
    gatewayId: n,
    gatewayName: `edge ${n}`,
    carrierId: n * 10,
    carrierName: `Carrier ${n}`,
    routeId: n * 100,
    number: '+442079460958',
    rate: undefined,
  })),
  devices: [],
}

const LEG: LiveLeg = {
  legUuid: uuid(101),
  leg: 'B',
  state: 'new',
  party: '+442079460958',
  attempt: 1,
  gateway: 'edge 1',
  gatewayId: 1,
  carrier: 'Carrier 1',
  startedAt: 1_000,
  answeredAt: undefined,
  endedAt: undefined,
  hangupCause: undefined,
  sipStatus: undefined,
}

const LIVE = { callId: uuid(1), to: '+442079460958', legs: [] } as unknown as LiveCall

const event = (kind: LiveEvent['kind'], at: number, leg: Partial<LiveLeg> | 'no leg' = {}): LiveEvent => ({
  id: at,
  at,
  kind,
  call: LIVE,
  leg: leg === 'no leg' ? undefined : { ...LEG, ...leg },
  cost: undefined,
})

suite('engine: what the board tells the carriers’ health', () => {
  test('of a plan only the first attempt takes a place; the others may never be tried', () => {
    const { feed, told } = setUp()
    feed.planned(CALL)
    assert.deepEqual(told, [
      [
        'planned',
        {
          callId: uuid(1),
          legUuid: uuid(101),
          gatewayId: 1,
          carrierId: 10,
          routeId: 100,
          destination: '44207',
        },
      ],
    ])
  })

  test('an answered call: started, answered with its post-dial delay, ended with its seconds', () => {
    const { feed, told } = setUp()
    feed.planned(CALL)
    feed.happened(event('leg-started', 1_000))
    feed.happened(event('ringing', 3_500))
    feed.happened(event('ringing', 4_000))
    feed.happened(event('answered', 9_000, { answeredAt: 9_000 }))
    feed.happened(event('talking', 9_000, 'no leg'))
    feed.happened(event('leg-ended', 69_400, { answeredAt: 9_000, hangupCause: 'NORMAL_CLEARING' }))
    feed.happened(event('call-ended', 69_400, 'no leg'))
    assert.deepEqual(
      told.map(([what]) => what),
      ['planned', 'started', 'answered', 'ended', 'call ended'],
    )
    assert.equal(told[1]?.[1]['routeId'], 100)
    assert.equal(told[2]?.[1]['postDialDelayMs'], 2_500)
    const { outcome, answeredSeconds, postDialDelayMs } = told[3]?.[1] ?? {}
    assert.deepEqual([outcome, answeredSeconds, postDialDelayMs], ['answered', 60, 2_500])
  })

  const ends: readonly (readonly [
    sentence: string,
    before: readonly LiveEvent[],
    leg: Partial<LiveLeg>,
    outcome: string,
  ])[] = [
    ['a refusal of the carrier', [], { hangupCause: 'NORMAL_TEMPORARY_FAILURE', sipStatus: 503 }, 'carrier'],
    ['a busy callee', [], { hangupCause: 'USER_BUSY', sipStatus: 486 }, 'callee'],
    ['silence', [], { hangupCause: 'PROGRESS_TIMEOUT' }, 'carrier'],
    ['a callee who let it ring', [event('ringing', 2_000)], { hangupCause: 'ALLOTTED_TIMEOUT' }, 'callee'],
    ['a caller who hung up', [event('ringing', 2_000)], { hangupCause: 'ORIGINATOR_CANCEL' }, 'cancelled'],
  ]
  for (const [sentence, before, leg, outcome] of ends) {
    test(`${sentence} is told as ${outcome}`, () => {
      const { feed, told } = setUp()
      for (const each of before) feed.happened(each)
      feed.happened(event('leg-ended', 30_000, leg))
      assert.equal(told.at(-1)?.[1]['outcome'], outcome)
      assert.equal(told.at(-1)?.[1]['answeredSeconds'], 0)
    })
  }

  test('a leg from before this engine started is counted for the carrier of its gateway', () => {
    const { feed, told } = setUp()
    feed.happened(event('leg-started', 1_000, { gatewayId: 7, legUuid: uuid(9) }))
    assert.deepEqual(told[0]?.[1], {
      callId: uuid(1),
      legUuid: uuid(9),
      gatewayId: 7,
      carrierId: 70,
      routeId: undefined,
      destination: '44207',
    })
  })

  test('a phone of ours, and a gateway that is no longer known, are nobody’s health', () => {
    const { feed, told } = setUp()
    feed.happened(event('leg-started', 1_000, { gatewayId: undefined }))
    feed.happened(event('leg-started', 1_000, { gatewayId: 8 }))
    feed.happened(event('leg-ended', 2_000, { gatewayId: undefined, hangupCause: 'USER_BUSY' }))
    assert.deepEqual(told, [])
  })
})
