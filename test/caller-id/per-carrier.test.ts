import assert from 'node:assert/strict'
import { attemptCallerId, callerIdOver, isTaken } from '../../src/caller-id/per-carrier.ts'
import { createDirectory } from '../../src/directory/directory.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { carrier, ddi, gateway, organization, snapshot, user } from '../support/snapshot.ts'

const OWN = asE164('+442079460101')
const HOUSE = asE164('+442079460102')
const PROVED = asE164('+442079460103')
const LISTED = asE164('+442079460104')

const directory = createDirectory(
  snapshot({
    numbers: [ddi(OWN), ddi(HOUSE, { id: 2 })],
    callerIds: {
      rules: [],
      verified: [{ id: 1, organizationId: 1, userId: undefined, number: PROVED, verifiedAt: 0 }],
      carrierNumbers: [{ id: 1, carrierId: 1, organizationId: 1, number: LISTED, verified: true }],
    },
  }),
)

suite('caller-id: what a carrier takes', () => {
  for (const [policy, carrierId, number, expected] of [
    ['any', 1, OWN, true],
    ['any', 1, PROVED, true],
    ['any', 1, LISTED, true],
    ['any', 2, LISTED, false],
    ['owned', 1, OWN, true],
    ['owned', 1, PROVED, false],
    ['owned', 1, LISTED, true],
    ['listed', 1, OWN, false],
    ['listed', 1, PROVED, false],
    ['listed', 1, LISTED, true],
    ['any', 1, asE164('+442079460199'), false],
  ] as const) {
    test(`carrier ${carrierId} with policy ${policy} ${expected ? 'takes' : 'does not take'} ${number}`, () => {
      const given = carrier(carrierId, { callerIdPolicy: policy })
      assert.equal(isTaken(number, given, organization(), user(), directory), expected)
    })
  }

  for (const [sentence, given, house, chosen, expected] of [
    ['what it takes', carrier(2), HOUSE, OWN, OWN],
    ["else the organisation's default", carrier(2), HOUSE, LISTED, HOUSE],
    ['else one of its list', carrier(1, { callerIdPolicy: 'listed' }), HOUSE, OWN, LISTED],
    ['else none', carrier(2, { callerIdPolicy: 'listed' }), HOUSE, OWN, undefined],
    ['of none none', carrier(1), HOUSE, undefined, undefined],
  ] as const) {
    test(`over a carrier is shown ${sentence}`, () => {
      const over = callerIdOver(chosen, given, organization({ defaultCallerId: house }), user(), directory)
      assert.equal(over.number, expected)
      assert.equal(over.why === undefined, over.number === chosen)
    })
  }

  for (const [sentence, given, withUser, expected] of [
    ['a number of ours by a user of ours is A', OWN, true, 'A'],
    ['one that was proved, too', PROVED, true, 'A'],
    ["a carrier's word is B", LISTED, true, 'B'],
    ['without a user it is C', OWN, false, 'C'],
  ] as const) {
    test(`attestation: ${sentence}`, () => {
      const callerId = attemptCallerId({
        number: given,
        withheld: false,
        gateway: gateway(1, { signsIdentity: true }),
        organization: organization(),
        user: withUser ? user() : undefined,
        directory,
      })
      assert.equal(callerId.attestation, expected)
    })
  }

  test('a gateway that does not sign has no attestation, and an IPv6 host is named by our domain', () => {
    const callerId = attemptCallerId({
      number: OWN,
      withheld: true,
      gateway: gateway(1, { hostname: '2001:db8::1', callerIdFormat: 'digits' }),
      organization: organization(),
      user: user(),
      directory,
    })
    assert.equal(callerId.attestation, undefined)
    assert.equal(callerId.host, 'acme.example')
    assert.equal(callerId.sent, '442079460101')
  })
})
