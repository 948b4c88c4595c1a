import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { HANGUP_CAUSES, isHangupCause } from '../../src/telephony/hangup-cause.ts'
import { faultOfCause, userMessageOfRefusal } from '../../src/telephony/user-message.ts'

suite('telephony: what people are told of a call that came to nothing', () => {
  const rows: readonly (readonly [cause: string, code: string, q850: number, sip: number, words: RegExp])[] =
    [
      ['NO_ROUTE_DESTINATION', 'ROUTE_NOT_FOUND', 3, 404, /Unable to connect to this number/],
      ['USER_BUSY', 'DESTINATION_BUSY', 17, 486, /is busy\. Please try again later/],
      ['NO_ANSWER', 'NO_ANSWER', 19, 480, /There was no answer/],
      ['NO_USER_RESPONSE', 'NO_ANSWER', 18, 408, /There was no answer/],
      ['INVALID_NUMBER_FORMAT', 'INVALID_NUMBER', 28, 484, /valid phone number/],
      ['CALL_REJECTED', 'CALL_REJECTED', 21, 603, /declined/],
      ['NORMAL_TEMPORARY_FAILURE', 'CARRIER_UNAVAILABLE', 41, 503, /try again/],
      ['GATEWAY_DOWN', 'CARRIER_UNAVAILABLE', 127, 503, /try again/],
      ['ALLOTTED_TIMEOUT', 'NO_ANSWER', 127, 480, /no answer/],
      ['ORIGINATOR_CANCEL', 'CALL_CANCELLED', 127, 487, /cancelled/],
      ['PROTOCOL_ERROR', 'CALL_FAILED', 111, 480, /could not be completed/],
    ]
  for (const [cause, code, q850, sip, words] of rows)
    test(`${cause} is ${code}`, () => {
      assert.ok(isHangupCause(cause))
      const fault = faultOfCause(cause)
      assert.deepEqual([fault.code, fault.q850, fault.sip], [code, q850, sip])
      assert.match(fault.userMessage, words)
    })

  test('a cause without words of its own is named to engineers', () => {
    assert.equal(faultOfCause('PROTOCOL_ERROR').message, 'Call failed: PROTOCOL_ERROR')
  })

  test('every cause has a code in capitals, two sentences and numbers that the wire can carry', () => {
    const causes = Object.keys(HANGUP_CAUSES).filter(isHangupCause)
    assert.ok(causes.length > 70)
    for (const cause of causes) {
      const { code, message, userMessage, q850, sip } = faultOfCause(cause)
      assert.match(code, /^[A-Z_]+$/)
      assert.match(message, /^[A-Z]/)
      assert.match(userMessage, /\.$/)
      assert.ok(q850 >= 0 && q850 <= 127 && sip >= 400 && sip < 700, cause)
    }
  })

  test('no cause of the switch is missing', function () {
    const header = (process.env['FREESWITCH_SOURCE'] ?? '')
      .split(':')
      .map((folder) => `${folder}/src/include/switch_types.h`)
      .filter(existsSync)
    if (header.length === 0) {
      console.log('      not run: there is no source of FreeSWITCH (FREESWITCH_SOURCE)')
      this.skip()
    }
    for (const file of header) {
      const [, block = ''] =
        /typedef enum \{([^}]*)\} switch_call_cause_t;/.exec(readFileSync(file, 'utf8')) ?? []
      const found = [...block.matchAll(/SWITCH_CAUSE_(\w+)\s*=\s*(\d+)/g)]
      assert.ok(found.length > 60, file)
      for (const [, name = '', number] of found) {
        assert.ok(isHangupCause(name), `${name} of ${file}`)
        assert.equal(HANGUP_CAUSES[name].number, Number(number), name)
      }
    }
  })

  test('what is refused has words, what nobody knows has none', () => {
    assert.equal(userMessageOfRefusal('INVALID_DESTINATION'), 'Please enter a valid phone number.')
    assert.equal(userMessageOfRefusal('CALLER_ID_NOT_ALLOWED'), 'Unable to use the requested caller ID.')
    assert.equal(userMessageOfRefusal('toString'), undefined)
  })
})
