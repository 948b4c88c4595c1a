import assert from 'node:assert/strict'
import { createDecideRedirect } from '../../src/sip/decide-redirect.ts'
import type { RedirectAnswer, RedirectAsk } from '../../src/sip/redirect-answer.ts'
import { createTurns } from '../../src/routing/turns.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { DEFAULT_NUMBER_FORM } from '../../src/telephony/number-form.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import {
  carriers,
  gateway,
  NOW,
  organization,
  profile,
  rate,
  surroundings,
  user,
  type GivenState,
  type GivenWorld,
} from '../support/snapshot.ts'
import { PLAN_SETTINGS } from '../support/world.ts'

const ASK: RedirectAsk = {
  requestUser: '+442079460958',
  organizationDomains: ['acme.example'],
  organizationId: undefined,
  callerNumber: undefined,
  offeredCodecs: [],
  lrn: undefined,
  isPortabilityKnown: false,
  callId: 'a@b',
  sourceAddress: '127.0.0.1',
}

const decide = async (
  ask: Partial<RedirectAsk>,
  given: GivenWorld = carriers(2),
  state: GivenState = {},
  lookup: { readonly asked: string[]; readonly lrn?: string } = { asked: [] },
): Promise<RedirectAnswer> => {
  const world = surroundings(given, state)
  return createDecideRedirect({
    surroundings: () => world,
    settings: () => PLAN_SETTINGS,
    lrn: {
      cached: () => undefined,
      lookup: (number) => {
        lookup.asked.push(number)
        return Promise.resolve(lookup.lrn === undefined ? undefined : asE164(lookup.lrn))
      },
    },
    takeTurns: () => undefined,
    now: () => NOW,
  })({ ...ASK, ...ask })
}

const told = (answer: RedirectAnswer): string =>
  answer.kind === 'refuse'
    ? String(answer.status)
    : answer.contacts.map(({ number, hostname }) => `${number}@${hostname}`).join(' ')

suite('sip: the way of a call that another switch makes', () => {
  test('the carriers come in the order of the hunt, the number as each gateway wants it', async () => {
    const gateways = [
      gateway(1, { numberForm: { ...DEFAULT_NUMBER_FORM, format: 'digits', techPrefix: '7#' } }),
      gateway(2),
    ]
    assert.equal(
      told(await decide({}, { ...carriers(2), gateways })),
      '7#442079460958@sip1.carrier.example +442079460958@sip2.carrier.example',
    )
  })

  const rows: readonly (readonly [
    sentence: string,
    ask: Partial<RedirectAsk>,
    expected: string,
    given?: GivenWorld,
    state?: GivenState,
  ])[] = [
    ['an unknown organisation', { organizationDomains: [], organizationId: 9 }, '403'],
    ['what is no number', { requestUser: '+44' }, '484'],
    ['an emergency number', { requestUser: '112' }, '404'],
    ['an extension', { requestUser: '1001' }, '404', { ...carriers(2), users: [user()] }],
    ['a number without a rate', {}, '404', { ...carriers(1), rates: [rate(1, '49', '0.01')] }],
    ['all carriers down', {}, '503', carriers(1), { isUp: () => false }],
    [
      'every carrier too dear',
      {},
      '503',
      { ...carriers(1), lcrProfiles: [profile({ maxPricePerMinute: parseMoney('0') })] },
    ],
    [
      'a blocked number',
      {},
      '403',
      {
        ...carriers(1),
        blockedPrefixes: [
          { id: 1, organizationId: undefined, prefix: '44', action: 'block', note: '', enabled: true },
        ],
      },
    ],
    [
      'no carrier with a codec of the caller',
      { offeredCodecs: ['G729'] },
      '404',
      { ...carriers(1), gateways: [gateway(1, { codecs: ['PCMA'] })] },
    ],
  ]
  for (const [sentence, ask, expected, given, state] of rows) {
    test(`${sentence} is refused with ${expected}`, async () => {
      assert.equal(told(await decide(ask, given, state)), expected)
    })
  }

  const american: GivenWorld = {
    ...carriers(1),
    organizations: [organization({ country: 'US', currency: 'USD' })],
    rates: [rate(1, '1212', '0.01', { currency: 'USD' }), rate(1, '1415', '0.09', { currency: 'USD' })],
    lcrProfiles: [profile({ maxPricePerMinute: parseMoney('0.05') })],
  }

  test('a ported number is looked up, and priced by where it leads to', async () => {
    const lookup = { asked: [] as string[], lrn: '+14155550199' }
    assert.equal(told(await decide({ requestUser: '+12125550100' }, american, {}, lookup)), '503')
    assert.deepEqual(lookup.asked, ['+12125550100'])
  })

  test('what the INVITE says of its portability is not looked up again', async () => {
    const lookup = { asked: [] as string[], lrn: '+14155550199' }
    const number = { requestUser: '+12125550100' }
    const contact = '+12125550100@sip1.carrier.example'
    assert.equal(told(await decide({ ...number, isPortabilityKnown: true }, american, {}, lookup)), contact)
    assert.equal(told(await decide({ ...number, lrn: '+14155550100' }, american, {}, lookup)), '503')
    assert.deepEqual(lookup.asked, [])
  })

  test('weighted routes take turns among redirects too', async () => {
    const turns = createTurns()
    const world = surroundings(
      { ...carriers(2), lcrProfiles: [profile({ strategy: 'WEIGHTED' })] },
      { turns },
    )
    const answer = createDecideRedirect({
      surroundings: () => world,
      settings: () => PLAN_SETTINGS,
      lrn: undefined,
      takeTurns: turns.take,
      now: () => NOW,
    })
    const firsts: string[] = []
    for (let ask = 0; ask < 4; ask += 1) firsts.push(told(await answer(ASK)).split(' ')[0] ?? '')
    assert.equal(new Set(firsts.slice(0, 2)).size, 2)
    assert.deepEqual(firsts.slice(2), firsts.slice(0, 2))
  })
})
