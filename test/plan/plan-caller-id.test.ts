import assert from 'node:assert/strict'
import type { CallWish } from '../../src/call/wish.ts'
import type { Plan } from '../../src/call/plan.ts'
import type { Carrier, Gateway, Organization, User } from '../../src/directory/records.ts'
import { planFromUser } from '../../src/plan/make-plan.ts'
import { emergencyDetail } from '../../src/plan/plan-caller-id.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import {
  carrier,
  carriers,
  ddi,
  device,
  gateway,
  NOW,
  organization,
  profile,
  surroundings,
  user,
  uuid,
  uuidsFrom,
} from '../support/snapshot.ts'
import { PLAN_SETTINGS } from '../support/world.ts'

const DIRECT = asE164('+442079460101')
const HOUSE = asE164('+442079460102')
const HELP = asE164('+442079460103')

type Given = {
  readonly user?: Partial<User>
  readonly organization?: Partial<Organization>
  readonly carriers?: readonly Partial<Carrier>[]
  readonly gateways?: readonly Partial<Gateway>[]
  readonly wish?: CallWish
  readonly phonePrivacy?: string
  readonly requiresCallerId?: boolean
}

const plan = (dialled: string, given: Given = {}): Plan => {
  const of = organization({ defaultCallerId: HOUSE, ...given.organization })
  const caller = user(given.user)
  const world = carriers(2)
  return planFromUser(
    {
      callId: uuid(1),
      organization: of,
      user: caller,
      dialled,
      wish: given.wish,
      phonePrivacy: given.phonePrivacy,
      now: NOW,
    },
    surroundings({
      ...world,
      organizations: [of, organization({ id: 2, name: 'Bolt', sipDomain: 'bolt.example' })],
      users: [caller, user({ id: 21, organizationId: 2, extension: '2001' })],
      devices: [device(), device({ id: 211, userId: 21, username: 'cyd' })],
      numbers: [
        ddi(DIRECT),
        ddi(HOUSE, { id: 2, userId: 12 }),
        ddi(HELP, { id: 3, userId: 12 }),
        ddi('+442079460201', { id: 4, organizationId: 2, userId: 21 }),
      ],
      lcrProfiles: [profile({ requiresCallerId: given.requiresCallerId ?? false })],
      carriers: [1, 2].map((id) => carrier(id, given.carriers?.[id - 1])),
      gateways: [1, 2].map((id) => gateway(id, given.gateways?.[id - 1])),
    }),
    { ...PLAN_SETTINGS, maxRoutes: 5, newUuid: uuidsFrom(100) },
  )
}

/** `gw1 +44... withheld`, one an attempt. */
const shownBy = ({ target }: Plan): readonly string[] =>
  target.kind !== 'carriers'
    ? []
    : target.attempts.map(
        ({ gateway: name, callerId }) =>
          `${name} ${callerId?.number ?? 'nobody'}${callerId?.withheld === true ? ' withheld' : ''}`,
      )

suite('plan: caller ID', () => {
  for (const [sentence, dialled, given, expected] of [
    [
      'the number that rings the user is shown over every carrier',
      '+442079460300',
      {},
      [`gw1 ${DIRECT}`, `gw2 ${DIRECT}`],
    ],
    ['a code withholds it', '14102079460300', {}, [`gw1 ${DIRECT} withheld`, `gw2 ${DIRECT} withheld`]],
    [
      'a setting does',
      '+442079460300',
      { user: { presentation: 'withheld' } },
      [`gw1 ${DIRECT} withheld`, `gw2 ${DIRECT} withheld`],
    ],
    [
      'a code lifts the setting',
      '147002079460300',
      { user: { presentation: 'withheld' } },
      [`gw1 ${DIRECT}`, `gw2 ${DIRECT}`],
    ],
    [
      'the phone asks for it',
      '+442079460300',
      { phonePrivacy: 'id' },
      [`gw1 ${DIRECT} withheld`, `gw2 ${DIRECT} withheld`],
    ],
    [
      'a program says what it wants',
      '14102079460300',
      { wish: { withheld: false, callerId: HOUSE } },
      [`gw1 ${HOUSE}`, `gw2 ${HOUSE}`],
    ],
    [
      'a carrier that takes its list alone is shown nobody, the next one the number',
      '+442079460300',
      { carriers: [{ callerIdPolicy: 'listed' }] },
      ['gw1 nobody', `gw2 ${DIRECT}`],
    ],
    [
      'where the profile wants the number seen, that carrier is passed over',
      '+442079460300',
      { carriers: [{ callerIdPolicy: 'listed' }], requiresCallerId: true },
      [`gw2 ${DIRECT}`],
    ],
  ] as const) {
    test(sentence, () => {
      const made = plan(dialled, given)
      assert.deepEqual(shownBy(made), expected)
      assert.equal(made.call.destination, '+442079460300')
      assert.equal(made.call.dialled, dialled)
    })
  }

  test('who withholds his number is nobody to another organisation, and an extension to his own', () => {
    const callerIdOf = ({ target }: Plan): unknown => target.kind === 'devices' && target.callerId
    assert.deepEqual(callerIdOf(plan('#31#+442079460201')), { number: undefined, name: undefined })
    assert.deepEqual(callerIdOf(plan('+442079460201')), { number: DIRECT, name: 'Ada Lovelace' })
    assert.deepEqual(callerIdOf(plan('#31#1001')), { number: '1001', name: 'Ada Lovelace' })
  })
})

suite('plan: who calls for help', () => {
  const helping = { gateways: [{ carriesEmergency: true }, { carriesEmergency: true }] }
  for (const [sentence, dialled, given, expected] of [
    ['the number that others see', '112', {}, DIRECT],
    ["the organisation's registered one", '112', { organization: { emergencyCallerId: HELP } }, HELP],
    [
      "the user's before that",
      '112',
      { organization: { emergencyCallerId: HELP }, user: { emergencyCallerId: HOUSE } },
      HOUSE,
    ],
    ['not one of somebody else', '112', { user: { emergencyCallerId: asE164('+442079460201') } }, DIRECT],
    ['nothing is withheld from it', '141999', { user: { presentation: 'withheld' } }, DIRECT],
    ["no carrier's list counts", '112', { carriers: [{ callerIdPolicy: 'listed' }] }, DIRECT],
    ['nor what a phone asks', '112', { phonePrivacy: 'id' }, DIRECT],
  ] as const) {
    test(sentence, () => {
      const made = plan(dialled, { ...helping, ...given })
      assert.deepEqual(shownBy(made), [`gw1 ${expected}`, `gw2 ${expected}`])
      assert.equal(made.target.kind === 'carriers' && made.target.emergency, true)
    })
  }

  test('the place goes with it, and with no other call', () => {
    const user_ = { emergencyLocationUri: 'https://lis.example/9f3c' }
    const placesOf = ({ target }: Plan): unknown =>
      target.kind === 'carriers' && target.attempts.map(({ callerId }) => callerId?.locationUri)
    assert.deepEqual(placesOf(plan('112', { ...helping, user: user_ })), [
      'https://lis.example/9f3c',
      'https://lis.example/9f3c',
    ])
    assert.deepEqual(placesOf(plan('+442079460300', { user: user_ })), [undefined, undefined])
  })

  test('whoever watches is told who, from which number and where', () => {
    const of = organization({ emergencyAddress: '1 High Street' })
    const { directory } = surroundings({ organizations: [of], numbers: [ddi(DIRECT)] })
    const made = plan('112', helping)
    assert.deepEqual(emergencyDetail(made, directory), {
      dialled: '112',
      callerNumber: DIRECT,
      userId: 11,
      user: 'Ada Lovelace',
      extension: '1001',
      address: '1 High Street',
      locationUri: null,
    })
  })
})
