import assert from 'node:assert/strict'
import type { LiveCall, LiveEvent, LiveLeg } from '../../src/call/live-call.ts'
import type { QuotedSale } from '../../src/call/carried.ts'
import { createPrepaidFeed } from '../../src/engine/prepaid-feed.ts'
import { createPrepaidAccounts } from '../../src/limits/prepaid-accounts.ts'
import { asCallUuid } from '../../src/telephony/call-uuid.ts'
import { formatMoney, parseMoney } from '../../src/telephony/money.ts'
import { planIn } from '../plan/plan-in.ts'
import { carriers, NOW, uuid } from '../support/snapshot.ts'

const ENGINE = '00000000-0000-4000-8000-000000000001'
const OTHER = '00000000-0000-4000-8000-000000000002'
const SALE: QuotedSale = {
  deckId: 1,
  prefix: '44',
  tariff: {
    pricePerMinute: parseMoney('0.60'),
    connectionFee: parseMoney('0'),
    firstIncrementSeconds: 1,
    nextIncrementSeconds: 1,
    currency: 'EUR',
  },
}
const LEG = asCallUuid('00000000-0000-4000-8000-0000000000aa')

const scene = ({ known = true, isOver = false } = {}) => {
  const accounts = createPrepaidAccounts({ engine: ENGINE, aheadSeconds: 10, graceSeconds: 60 })
  const read = (): void => {
    const { turn } = accounts.beginReading()
    const money = { leased: parseMoney('1'), reserved: parseMoney('0') }
    accounts.replace([{ id: 7, organizationId: 1, userId: undefined, currency: 'EUR', ...money }], turn, NOW)
  }
  if (known) read()
  const ended: string[] = []
  const feed = createPrepaidFeed({
    accounts,
    engine: ENGINE,
    isOver: () => isOver,
    onLegEnded: (legUuid) => ended.push(legUuid),
  })
  return { accounts, feed, ended, read, reserved: () => formatMoney(accounts.reservedOf(7)) }
}

const event = (
  kind: LiveEvent['kind'],
  engine: string,
  {
    state = 'answered',
    at = NOW,
    legUuid = LEG,
  }: Partial<Pick<LiveLeg, 'legUuid'>> & {
    readonly state?: LiveLeg['state']
    readonly at?: number
  } = {},
): LiveEvent => ({
  id: 1,
  at,
  kind,
  call: { callId: uuid(1), state: 'talking', legs: [] } as unknown as LiveCall,
  leg: {
    ...({ legUuid, leg: 'B', state, answeredAt: NOW } as unknown as LiveLeg),
    prepaid: { balanceId: 7, engine, sale: SALE },
  },
  cost: undefined,
})

suite('engine: what the accounts of prepaid calls are told', () => {
  for (const [what, isOver, expected] of [
    ['a call that is planned reserves at once', false, '0.01'],
    ['one that was hung up while it was planned does not', true, '0.00'],
  ] as const)
    test(what, () => {
      const { feed, reserved } = scene({ isOver })
      const plan = planIn(carriers(1), '+442079460123')
      feed.planned({ ...plan, prepaid: { balanceId: 7, engine: ENGINE, sale: SALE, limitSeconds: 61 } }, NOW)
      assert.equal(reserved(), expected)
    })

  test('a leg of ours that is found in the middle of its talk goes on', () => {
    const { feed, reserved, ended } = scene()
    feed.happened(event('leg-started', ENGINE, { at: NOW + 5_000 }))
    assert.equal(reserved(), '0.05')
    feed.happened(event('leg-ended', ENGINE, { state: 'gone', at: NOW + 6_000 }))
    assert.deepEqual(ended, [LEG])
  })

  test('one that is found before the balances are known waits for them', () => {
    const { feed, reserved, read } = scene({ known: false })
    feed.happened(event('leg-started', ENGINE, { at: NOW + 5_000 }))
    assert.equal(reserved(), '0.00')
    read()
    feed.takeOver([], NOW + 5_000)
    assert.equal(reserved(), '0.05')
  })

  test('a leg of another engine is ours when that engine is dead, and not before', () => {
    const { feed, reserved } = scene()
    feed.happened(event('answered', OTHER))
    feed.takeOver([], NOW + 5_000)
    assert.equal(reserved(), '0.00')
    feed.takeOver([OTHER], NOW + 5_000)
    assert.equal(reserved(), '0.05')
  })

  test('one that ended meanwhile is nobody’s', () => {
    const { feed, reserved } = scene()
    feed.happened(event('answered', OTHER))
    feed.happened(event('leg-ended', OTHER, { state: 'gone' }))
    feed.takeOver([OTHER], NOW + 5_000)
    assert.equal(reserved(), '0.00')
  })
})
