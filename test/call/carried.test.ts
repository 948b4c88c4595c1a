import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  decodeAttempt,
  decodeCall,
  encodeCarried,
  isDeviceLeg,
  type CarriedCall,
} from '../../src/call/carried.ts'
import { uuid } from '../support/snapshot.ts'

const CALL: CarriedCall = {
  callId: uuid(1),
  organizationId: 1,
  direction: 'outbound',
  userId: 11,
  dialled: '1002',
  destination: undefined,
  callerNumber: '1001',
  lcrProfileId: undefined,
  attempts: [],
  devices: [
    { callId: uuid(1), legUuid: uuid(2), organizationId: 1, userId: 12, deviceId: 121, username: 'bob' },
  ],
}

const written = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

suite('call: what a channel carries', () => {
  test('any text comes back, in letters that no dial string, no XML and no preprocessor reads', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (dialled) => {
        const text = encodeCarried({ ...CALL, dialled })
        assert.match(text, /^[\w-]+$/)
        assert.equal(decodeCall(text).dialled, dialled.toWellFormed())
      }),
    )
  })

  test('a leg tells whether a device or a carrier is at its end', () => {
    const [device] = CALL.devices
    assert.ok(device !== undefined)
    assert.ok(isDeviceLeg(decodeAttempt(encodeCarried(device))))
  })

  for (const [sentence, text] of [
    ['nothing', ''],
    ['no base64', '%%%'],
    ['no JSON', 'aGVsbG8'],
    ['a list', written([])],
    ['null', written(null)],
    ['a number', written(5)],
    ['no call id', written({ ...CALL, callId: undefined })],
    ['a call id that is none', written({ ...CALL, callId: '../etc' })],
    ['no organisation', written({ ...CALL, organizationId: '1' })],
    ['no attempts', written({ ...CALL, attempts: undefined })],
    ['devices that are no list', written({ ...CALL, devices: {} })],
  ] as const) {
    test(`${sentence} is refused with a code, and the value is not repeated`, () => {
      assert.throws(() => decodeCall(text), {
        code: 'CALL_BAD_CARRIED',
        details: { variable: 'strowger_call' },
      })
    })
  }

  test('an attempt without a leg is refused', () => {
    assert.throws(() => decodeAttempt(written(CALL)), { code: 'CALL_BAD_CARRIED' })
  })
})
