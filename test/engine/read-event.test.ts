import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { encodeCarried, type CarriedAttempt, type CarriedCall } from '../../src/call/carried.ts'
import { stepCall } from '../../src/call/call-step.ts'
import type { LiveCall } from '../../src/call/live-call.ts'
import { readChannelEvent, readDump, withoutDigits, type Headers } from '../../src/engine/read-event.ts'
import { isCallUuid } from '../../src/telephony/call-uuid.ts'
import { uuid } from '../support/snapshot.ts'

const sample = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`samples/${name}`, import.meta.url), 'utf8'))

const headers = (fields: unknown): Headers => {
  const map = new Map(Object.entries(fields as Record<string, string>))
  return {
    name: map.get('Event-Name') ?? '',
    get: (name) => map.get(name),
    variable: (name) => map.get(`variable_${name}`),
  }
}

const A = '37feb2c6-2ffc-4c3a-a932-9d8c762999ef'

const ATTEMPT: CarriedAttempt = {
  n: 2,
  callId: uuid(1),
  legUuid: uuid(2),
  organizationId: 1,
  userId: 11,
  gatewayId: 5,
  gatewayName: 'edge 5',
  carrierId: 3,
  carrierName: 'Carrier 3',
  number: '+442079460958',
  rate: undefined,
}
const CALL: CarriedCall = {
  callId: uuid(1),
  organizationId: 1,
  direction: 'outbound',
  userId: 11,
  dialled: '020 7946 0958',
  destination: undefined,
  callerNumber: undefined,
  lcrProfileId: undefined,
  attempts: [ATTEMPT],
  devices: [],
}

suite('engine: channel events of a real switch', () => {
  test('a recorded call, whose first carrier says 503 and whose second answers, is one call of three legs', () => {
    const events = sample('channel-events.json')
    assert.ok(Array.isArray(events))
    let call: LiveCall | undefined
    const story: string[] = []
    for (const event of events) {
      const addressed = readChannelEvent(headers(event))
      if (addressed === undefined) continue
      assert.equal(addressed.callId, A)
      const step = stepCall(addressed.callId, call, addressed.input, 0)
      call = step.call
      story.push(...step.happenings.map(({ kind, leg }) => `${kind} ${leg?.party ?? ''}`.trim()))
    }
    assert.deepEqual(story, [
      'leg-started +4930123',
      'leg-started 503_q34',
      'leg-ended 503_q34',
      'leg-started 200',
      'ringing 200',
      'ringing +4930123',
      'answered 200',
      'answered +4930123',
      'talking',
      'leg-ended +4930123',
      'leg-ended 200',
      'call-ended',
    ])
    assert.deepEqual(
      call?.legs.map(({ leg, hangupCause, sipStatus }) => [leg, hangupCause, sipStatus]),
      [
        ['A', 'NORMAL_CLEARING', 200],
        ['B', 'NORMAL_CIRCUIT_CONGESTION', 503],
        ['B', 'NORMAL_CLEARING', undefined],
      ],
    )
    assert.deepEqual([call.from, call.to, call.direction], ['+4930123', '9100', 'inbound'])
  })

  test('a B leg is known by what it carries, before what FreeSWITCH says of it', () => {
    const addressed = readChannelEvent(
      headers({
        'Event-Name': 'CHANNEL_CREATE',
        'Unique-ID': uuid(2),
        'Channel-Call-UUID': uuid(9),
        'Call-Direction': 'outbound',
        'Caller-Destination-Number': 'x',
        variable_originating_leg_uuid: uuid(8),
        variable_strowger_attempt: encodeCarried(ATTEMPT),
      }),
    )
    assert.equal(addressed?.callId, uuid(1))
    assert.ok(addressed.input.kind === 'leg-seen')
    const { leg, attempt, gateway, gatewayId, carrier, party } = addressed.input.leg
    assert.deepEqual(
      [leg, attempt, gateway, gatewayId, carrier, party],
      ['B', 2, 'edge 5', 5, 'Carrier 3', '+442079460958'],
    )
  })

  const rows: readonly (readonly [sentence: string, fields: Readonly<Record<string, string>>])[] = [
    ['without a uuid', { 'Event-Name': 'CHANNEL_CREATE' }],
    ['with a uuid that somebody chose', { 'Event-Name': 'CHANNEL_CREATE', 'Unique-ID': '../etc/passwd' }],
    ['of another kind', { 'Event-Name': 'CHANNEL_STATE', 'Unique-ID': uuid(1) }],
    ['named like a property', { 'Event-Name': 'CHANNEL_DESTROY', 'Unique-ID': uuid(1) }],
  ]
  for (const [sentence, fields] of rows) {
    test(`an event ${sentence} is none of a call`, () => {
      assert.equal(readChannelEvent(headers(fields)), undefined)
    })
  }

  for (const [sentence, fields, cause, status] of [
    ['an unknown cause is unspecified', { 'Hangup-Cause': 'NEW_CAUSE' }, 'NORMAL_UNSPECIFIED', undefined],
    ['no cause is unspecified', {}, 'NORMAL_UNSPECIFIED', undefined],
    [
      'a status that is none is left out',
      { variable_sip_invite_failure_status: '0' },
      'NORMAL_UNSPECIFIED',
      undefined,
    ],
    [
      'an empty status leaves the other',
      { variable_sip_invite_failure_status: '', variable_sip_term_status: '486' },
      'NORMAL_UNSPECIFIED',
      486,
    ],
    [
      'the status of the INVITE comes first',
      { variable_sip_invite_failure_status: '503', variable_sip_term_status: '486' },
      'NORMAL_UNSPECIFIED',
      503,
    ],
  ] as const) {
    test(sentence, () => {
      const addressed = readChannelEvent(
        headers({ 'Event-Name': 'CHANNEL_HANGUP', 'Unique-ID': uuid(1), ...fields }),
      )
      assert.deepEqual(addressed?.input, {
        kind: 'leg',
        legUuid: uuid(1),
        input: 'hangup',
        cause,
        sipStatus: status,
      })
    })
  }

  test('a variable that cannot be read is a fault with a code', () => {
    assert.throws(
      () =>
        readChannelEvent(
          headers({ 'Event-Name': 'CHANNEL_CREATE', 'Unique-ID': uuid(1), variable_strowger_attempt: 'x' }),
        ),
      { code: 'CALL_BAD_CARRIED' },
    )
  })
})

suite('engine: a live channel of a real switch, from its dump', () => {
  test('an answered A leg that talks', () => {
    const inputs = readDump(headers(sample('uuid-dump-a-leg.json')))
    assert.deepEqual(
      inputs.map(({ input }) => input.kind),
      ['leg-seen', 'bridged'],
    )
    const [first] = inputs
    assert.ok(first?.input.kind === 'leg-seen')
    assert.deepEqual([first.input.leg.leg, first.input.leg.answered], ['A', true])
    assert.ok(inputs.every(({ callId }) => isCallUuid(callId) && callId === first.callId))
  })

  test('an A leg of ours brings its plan', () => {
    const inputs = readDump(
      headers({
        'Unique-ID': uuid(1),
        'Answer-State': 'ringing',
        variable_strowger_call: encodeCarried(CALL),
      }),
    )
    assert.deepEqual(
      inputs.map(({ input }) => input.kind),
      ['planned', 'leg-seen'],
    )
  })

  test('a leg that is on hold, or muted, is so after a gap', () => {
    const inputs = readDump(
      headers({
        'Unique-ID': uuid(1),
        'Answer-State': 'answered',
        'Channel-Call-State': 'HELD',
        variable_strowger_muted: 'true',
      }),
    )
    let call: LiveCall | undefined
    for (const { callId, input } of inputs) ({ call } = stepCall(callId, call, input, 0))
    assert.deepEqual(
      call?.legs.map(({ state, muted }) => [state, muted]),
      [['held', true]],
    )
  })

  test('a dump without a uuid is nothing', () => {
    assert.deepEqual(readDump(headers({})), [])
  })
})

suite('engine: keys that are pressed', () => {
  const pressed = (digit: string) =>
    readChannelEvent(headers({ 'Event-Name': 'DTMF', 'Unique-ID': uuid(1), 'DTMF-Digit': digit }))

  test('a key is noted on its leg', () => {
    assert.deepEqual(pressed('7')?.input, {
      kind: 'noted',
      what: 'dtmf',
      legUuid: uuid(1),
      detail: { digits: '7', direction: 'received' },
    })
  })

  for (const digit of ['', '12', 'x', '7\n'])
    test(`${JSON.stringify(digit)} is no key`, () => assert.equal(pressed(digit), undefined))

  test('where digits are for nobody, only that a key was pressed is told', () => {
    const input = pressed('7')?.input
    assert.ok(input !== undefined)
    assert.deepEqual(withoutDigits(input), {
      kind: 'noted',
      what: 'dtmf',
      legUuid: uuid(1),
      detail: { digits: 'x', direction: 'received', redacted: true },
    })
    const other = { kind: 'bridged' } as const
    assert.equal(withoutDigits(other), other)
  })
})
