import assert from 'node:assert/strict'
import { checkCallerId, chooseCallerId } from '../../src/caller-id/choose.ts'
import { createDirectory } from '../../src/directory/directory.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { ddi, organization, snapshot, user } from '../support/snapshot.ts'

const [ASKED, OWN, HOUSE, FOREIGN] = [
  asE164('+442079460101'),
  asE164('+442079460102'),
  asE164('+442079460103'),
  asE164('+442079460199'),
]

suite('caller-id: the choice', () => {
  const directory = createDirectory(
    snapshot({
      organizations: [organization(), organization({ id: 2, sipDomain: 'b.example' })],
      numbers: [ddi(ASKED), ddi(OWN), ddi(HOUSE), ddi(FOREIGN, { organizationId: 2 })],
    }),
  )

  for (const [sentence, asked, own, house, expected, passedOver] of [
    ['what was asked for comes first', ASKED, OWN, HOUSE, ASKED, 0],
    ["then the user's own", undefined, OWN, HOUSE, OWN, 0],
    ["then the organisation's", undefined, undefined, HOUSE, HOUSE, 0],
    ['a number of somebody else is passed over', FOREIGN, OWN, HOUSE, OWN, 1],
    ['each number of somebody else is passed over', FOREIGN, FOREIGN, HOUSE, HOUSE, 2],
    ['without any of its own there is none', FOREIGN, undefined, FOREIGN, undefined, 2],
    ['without any at all there is none', undefined, undefined, undefined, undefined, 0],
  ] as const) {
    test(sentence, () => {
      const choice = chooseCallerId(
        organization({ defaultCallerId: house }),
        user({ callerId: own }),
        asked,
        directory,
      )
      assert.equal(choice.number, expected)
      assert.equal(choice.trace.filter((line) => line.endsWith('passed over')).length, passedOver)
      assert.equal(choice.trace.length, passedOver + 1)
    })
  }

  for (const [requested, expected] of [
    ['+442079460101', ASKED],
    ['020 7946 0101', ASKED],
    ['00442079460101', ASKED],
    ['442079460199', undefined],
    ['+442079460199', undefined],
    ['1001', undefined],
    ['', undefined],
    ['anonymous', undefined],
    ['+442079460101\r\nX-Evil: 1', undefined],
  ] as const) {
    test(`asking for ${JSON.stringify(requested)} is ${expected === undefined ? 'refused' : 'granted'}`, () => {
      const checked = checkCallerId(requested, organization(), directory)
      assert.equal(checked.ok ? checked.number : undefined, expected)
      if (!checked.ok) assert.match(checked.why, /caller ID/)
    })
  }
})
