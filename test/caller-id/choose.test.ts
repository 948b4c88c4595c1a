import assert from 'node:assert/strict'
import { checkCallerId, chooseCallerId, standingOf, type Toward } from '../../src/caller-id/choose.ts'
import type { CallerIdRule, CallerIdRows } from '../../src/directory/caller-id-records.ts'
import { createDirectory, type Directory } from '../../src/directory/directory.ts'
import { createTurns } from '../../src/routing/turns.ts'
import { asE164, type Country } from '../../src/telephony/e164.ts'
import { ddi, organization, snapshot, user } from '../support/snapshot.ts'

const ASKED = asE164('+442079460101')
const OWN = asE164('+442079460102')
const DIRECT = asE164('+442079460103')
const HOUSE = asE164('+442079460104')
const MAIN = asE164('+442079460105')
const FOREIGN = asE164('+442079460199')
const PROVED = asE164('+442079460201')
const PRIVATE = asE164('+442079460202')
const LISTED = asE164('+442079460203')
const PARIS = ['+33142685301', '+33142685302'].map(asE164)
const NEW_YORK = asE164('+12125550100')

const rule = (id: number, given: Partial<CallerIdRule>): CallerIdRule => ({
  id,
  organizationId: 1,
  kind: 'override',
  country: undefined,
  prefix: undefined,
  numbers: [],
  replacesRequested: false,
  enabled: true,
  ...given,
})

const directoryWith = (rules: readonly CallerIdRule[] = [], more: Partial<CallerIdRows> = {}): Directory =>
  createDirectory(
    snapshot({
      organizations: [organization(), organization({ id: 2, sipDomain: 'b.example' })],
      users: [user(), user({ id: 12, extension: '1002' })],
      numbers: [
        ...[ASKED, OWN, HOUSE, MAIN, ...PARIS, NEW_YORK].map((number, index) =>
          ddi(number, { id: index + 1, userId: 12 }),
        ),
        ddi(DIRECT, { id: 20 }),
        ddi(FOREIGN, { id: 21, organizationId: 2 }),
      ],
      callerIds: {
        rules,
        verified: [
          { id: 1, organizationId: 1, userId: undefined, number: PROVED, verifiedAt: 0 },
          { id: 2, organizationId: 1, userId: 11, number: PRIVATE, verifiedAt: 0 },
          { id: 3, organizationId: 1, userId: undefined, number: FOREIGN, verifiedAt: 0 },
        ],
        carrierNumbers: [
          { id: 1, carrierId: 1, organizationId: 1, number: LISTED, verified: true },
          { id: 2, carrierId: 1, organizationId: 2, number: asE164('+442079460204'), verified: true },
          { id: 3, carrierId: 1, organizationId: 1, number: asE164('+442079460205'), verified: false },
        ],
        ...more,
      },
    }),
  )

const toward = (number: string, country: Country | undefined, turns = createTurns()): Toward => ({
  number: asE164(number),
  country,
  orderOf: turns.orderOf,
})

suite('caller-id: the choice', () => {
  const directory = directoryWith()
  for (const [sentence, asked, own, house, expected, passedOver] of [
    ['what was asked for comes first', ASKED, OWN, HOUSE, ASKED, 0],
    ["then the user's own", undefined, OWN, HOUSE, OWN, 0],
    ['then the number that rings him', undefined, undefined, HOUSE, DIRECT, 0],
    ['a number of somebody else is passed over', FOREIGN, OWN, HOUSE, OWN, 1],
    ['each number of somebody else is passed over', FOREIGN, FOREIGN, HOUSE, DIRECT, 2],
    ['a number that was proved may be shown', PROVED, OWN, HOUSE, PROVED, 0],
    ['one that this user alone proved, too', PRIVATE, OWN, HOUSE, PRIVATE, 0],
    ['one that a carrier vouches for, too', LISTED, OWN, HOUSE, LISTED, 0],
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

  for (const [sentence, house, main, expected] of [
    ["without a user the organisation's", HOUSE, MAIN, HOUSE],
    ['then its main number', undefined, MAIN, MAIN],
    ['without any there is none', undefined, undefined, undefined],
    ['without any of its own there is none', FOREIGN, FOREIGN, undefined],
  ] as const) {
    test(sentence, () =>
      assert.equal(
        chooseCallerId(
          organization({ defaultCallerId: house, mainNumber: main }),
          undefined,
          undefined,
          directory,
        ).number,
        expected,
      ),
    )
  }

  for (const [number, whose, expected] of [
    [OWN, 11, 'owned'],
    [PROVED, 12, 'verified'],
    [PRIVATE, 11, 'verified'],
    [PRIVATE, 12, undefined],
    [LISTED, 12, 'listed'],
    ['+442079460204', 11, undefined],
    ['+442079460205', 11, undefined],
    // Proved or not: it is a number of another organisation.
    [FOREIGN, 11, undefined],
  ] as const) {
    test(`${number} of user ${whose} stands as ${String(expected)}`, () =>
      assert.equal(standingOf(asE164(number), { id: 1 }, { id: whose }, directory), expected))
  }
})

suite('caller-id: by destination', () => {
  const choose = (
    rules: readonly CallerIdRule[],
    to: string,
    country: Country | undefined,
    { asked, own }: { asked?: string; own?: string } = {},
  ): string | undefined =>
    chooseCallerId(
      organization({ defaultCallerId: HOUSE }),
      own === 'none' ? undefined : user({ callerId: own === undefined ? OWN : asE164(own) }),
      asked === undefined ? undefined : asE164(asked),
      directoryWith(rules),
      toward(to, country),
    ).number

  for (const [sentence, rules, to, country, given, expected] of [
    [
      "an override beats the user's own number",
      [rule(1, { prefix: '4420', numbers: [MAIN] })],
      '+442079460300',
      'GB',
      {},
      MAIN,
    ],
    [
      'and is beaten by what was asked for',
      [rule(1, { prefix: '4420', numbers: [MAIN] })],
      '+442079460300',
      'GB',
      { asked: ASKED },
      ASKED,
    ],
    [
      'the longest prefix speaks',
      [rule(1, { prefix: '44', numbers: [MAIN] }), rule(2, { prefix: '44207946', numbers: [HOUSE] })],
      '+442079460300',
      'GB',
      {},
      HOUSE,
    ],
    [
      'a country speaks where no prefix does',
      [rule(1, { country: 'GB', numbers: [MAIN] }), rule(2, { prefix: '4416', numbers: [HOUSE] })],
      '+442079460300',
      'GB',
      {},
      MAIN,
    ],
    [
      'a default comes after the user',
      [rule(1, { kind: 'default', country: 'GB', numbers: [MAIN] })],
      '+442079460300',
      'GB',
      {},
      OWN,
    ],
    [
      "and before the organisation's",
      [rule(1, { kind: 'default', country: 'GB', numbers: [MAIN] })],
      '+442079460300',
      'GB',
      { own: 'none' },
      MAIN,
    ],
    [
      'local presence shows a number of the country that is called',
      [rule(1, { kind: 'local-presence', country: 'US', numbers: [NEW_YORK] })],
      '+12125550177',
      'US',
      {},
      NEW_YORK,
    ],
    [
      'who is of that country keeps his own',
      [rule(1, { kind: 'local-presence', country: 'GB', numbers: [MAIN] })],
      '+442079460300',
      'GB',
      {},
      OWN,
    ],
    [
      'what was asked for stays',
      [rule(1, { kind: 'local-presence', country: 'US', numbers: [NEW_YORK] })],
      '+12125550177',
      'US',
      { asked: ASKED },
      ASKED,
    ],
    [
      'unless the rule says otherwise',
      [rule(1, { kind: 'local-presence', country: 'US', numbers: [NEW_YORK], replacesRequested: true })],
      '+12125550177',
      'US',
      { asked: ASKED },
      NEW_YORK,
    ],
    [
      'a number of somebody else is never local',
      [rule(1, { kind: 'local-presence', country: 'US', numbers: [FOREIGN] })],
      '+12125550177',
      'US',
      {},
      OWN,
    ],
    [
      'a rule that is disabled says nothing',
      [rule(1, { prefix: '4420', numbers: [MAIN], enabled: false })],
      '+442079460300',
      'GB',
      {},
      OWN,
    ],
    [
      "another organisation's rule says nothing",
      [rule(1, { organizationId: 2, prefix: '4420', numbers: [MAIN] })],
      '+442079460300',
      'GB',
      {},
      OWN,
    ],
  ] as const) {
    test(sentence, () => assert.equal(choose(rules, to, country, given), expected))
  }

  test('several numbers take turns, and a question takes none', () => {
    const turns = createTurns()
    const directory = directoryWith([rule(1, { kind: 'local-presence', country: 'FR', numbers: PARIS })])
    const next = () =>
      chooseCallerId(organization(), user(), undefined, directory, toward('+33142685399', 'FR', turns))
    assert.equal(next().number, next().number)
    const shown = Array.from({ length: 6 }, () => {
      const { number, shares = [] } = next()
      turns.take(shares)
      return number
    })
    for (const number of PARIS) assert.equal(shown.filter((each) => each === number).length, 3)
  })
})

suite('caller-id: what is asked for', () => {
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
      const checked = checkCallerId(requested, organization(), directoryWith())
      assert.equal(checked.ok ? checked.number : undefined, expected)
      if (!checked.ok) assert.match(checked.why, /caller ID/)
    })
  }
})
