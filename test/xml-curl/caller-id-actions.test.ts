import assert from 'node:assert/strict'
import type { AttemptCallerId } from '../../src/call/caller-id.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { DialString } from '../../src/telephony/dial-string.ts'
import { callerIdVariables } from '../../src/xml-curl/caller-id-actions.ts'

const NUMBER = asE164('+442079460101')
const given = (changes: Partial<AttemptCallerId> = {}): AttemptCallerId => ({
  number: NUMBER,
  sent: NUMBER,
  withheld: false,
  header: 'pai',
  trusted: false,
  host: 'sip.carrier.example',
  ...changes,
})

const NOBODY = {
  sip_cid_type: 'none',
  sip_from_uri: 'sip:anonymous@anonymous.invalid',
  sip_from_display: 'Anonymous',
}
const WITHHELD = { origination_caller_id_number: NUMBER, ...NOBODY, sip_h_Privacy: 'id' }

suite('xml-curl: the caller ID of an attempt', () => {
  for (const [sentence, callerId, expected] of [
    ['shown', {}, { origination_caller_id_number: NUMBER, sip_cid_type: 'pid' }],
    [
      'shown as the gateway wants the number',
      { sent: '02079460101' },
      { origination_caller_id_number: '02079460101', sip_cid_type: 'pid' },
    ],
    [
      'shown by Remote-Party-ID',
      { header: 'rpid' },
      { origination_caller_id_number: NUMBER, sip_cid_type: 'rpid' },
    ],
    [
      'shown in From alone',
      { header: 'none' },
      { origination_caller_id_number: NUMBER, sip_cid_type: 'none' },
    ],
    ['withheld from all', { withheld: true }, WITHHELD],
    [
      'withheld, and told to whom is trusted',
      { withheld: true, trusted: true },
      { ...WITHHELD, 'sip_h_P-Asserted-Identity': `<sip:${NUMBER}@sip.carrier.example>` },
    ],
    [
      'withheld, and told by Remote-Party-ID',
      { withheld: true, trusted: true, header: 'rpid' },
      {
        ...WITHHELD,
        'sip_h_Remote-Party-ID': `<sip:${NUMBER}@sip.carrier.example>;party=calling;screen=yes;privacy=full`,
      },
    ],
    ['withheld where no header is wanted', { withheld: true, trusted: true, header: 'none' }, WITHHELD],
    [
      'of nobody',
      { number: undefined, sent: undefined, trusted: true },
      { origination_caller_id_number: 'anonymous', ...NOBODY },
    ],
    [
      'with a place',
      { locationUri: 'https://lis.example/9f3c' },
      {
        origination_caller_id_number: NUMBER,
        sip_cid_type: 'pid',
        sip_h_Geolocation: '<https://lis.example/9f3c>',
        'sip_h_Geolocation-Routing': 'yes',
      },
    ],
    [
      'with a signature',
      { identity: 'a.b.c;info=<https://c.example/a.pem>;alg=ES256;ppt=shaken' },
      {
        origination_caller_id_number: NUMBER,
        sip_cid_type: 'pid',
        sip_h_identity: 'a.b.c;info=<https://c.example/a.pem>;alg=ES256;ppt=shaken',
        exclude_outgoing_extra_header: '^sip_h_identity',
      },
    ],
  ] as const) {
    test(`${sentence}: these variables, each fit for a dial string`, () => {
      const variables = callerIdVariables(given(callerId))
      assert.deepEqual(variables, { origination_privacy: 'screen', ...expected })
      assert.doesNotThrow(() => DialString.gateway('gw1', '+442079460123', variables))
    })
  }

  test('whoever dials decides where no plan of ours does', () => {
    assert.deepEqual(callerIdVariables(undefined), {})
  })
})
