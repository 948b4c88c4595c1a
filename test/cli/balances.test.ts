import assert from 'node:assert/strict'
import type { BalanceDoors } from '../../src/http/balance-doors.ts'
import type { Balance, BalanceEntry } from '../../src/store/balance-rows.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'
import { run, type Ran } from './run.ts'

const BALANCE: Balance = {
  id: 7,
  organizationId: 1,
  userId: undefined,
  currency: 'GBP',
  amount: parseMoney('19.5'),
  lowThreshold: parseMoney('5'),
  createdAt: Date.UTC(2026, 7, 1),
}
const ENTRY: BalanceEntry = {
  id: 3,
  kind: 'top-up',
  amount: parseMoney('20'),
  key: 'invoice 1',
  legUuid: undefined,
  callId: undefined,
  note: 'by card',
  bookedBy: 'admin',
  at: Date.UTC(2026, 7, 1),
}
const told = { balance: BALANCE, reserved: parseMoney('0.5') }
const isOne = (owner: Parameters<BalanceDoors['find']>[0]): boolean =>
  'organizationId' in owner && owner.organizationId === 1

suite('strowger: balances', () => {
  let fake: Fake
  setup(async () => {
    fake = await startFake({
      balances: {
        list: () => Promise.resolve([told]),
        find: (owner) => Promise.resolve(isOne(owner) ? told : undefined),
        open: (owner) => Promise.resolve(isOne(owner) ? told : undefined),
        close: (owner) => Promise.resolve(isOne(owner)),
        book: (owner, { kind, amount, key }) =>
          Promise.resolve(
            !isOne(owner)
              ? { kind: 'no-balance' }
              : key === 'invoice 1' && amount !== '20'
                ? { kind: 'other-booking', entry: ENTRY }
                : { kind: 'booked', entry: { ...ENTRY, kind, amount: parseMoney(amount) }, balance: BALANCE },
          ),
        entries: (owner) => Promise.resolve(isOne(owner) ? [ENTRY] : undefined),
      },
    })
  })
  teardown(() => fake.server.stop())
  const strowger = (...args: readonly string[]): Promise<Ran> =>
    run(['balances', ...args], { env: { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN } })

  const rows: readonly (readonly [args: readonly string[], code: number, out: RegExp])[] = [
    [['list'], 0, /^ORGANISATION +USER +BALANCE[^]*1 +all +19\.50 +0\.50 +GBP +5\.00 /],
    [['show', 'organization', '1'], 0, /1 +all +19\.50 +0\.50 +GBP/],
    [['show', 'user', '9'], 2, /^$/],
    [['show', 'nobody', '1'], 2, /^$/],
    [['open', 'organization', '1', '--low', '5'], 0, /19\.50/],
    [['open', 'organization', '1', '--low', 'none'], 0, /19\.50/],
    [['open', 'organization', '1', '--low', 'some'], 2, /^$/],
    [['close', 'organization', '1'], 0, /^organization 1 pays afterwards\n$/],
    [['top-up', 'organization', '1', '20', '--key', 'invoice 1'], 0, /^the balance is 19\.50 GBP\n$/],
    [['top-up', 'organization', '1', '20'], 2, /^$/],
    [['top-up', 'organization', '1', '-20', '--key', 'a'], 2, /^$/],
    [['top-up', 'organization', '1', '21', '--key', 'invoice 1'], 1, /^$/],
    [['top-up', 'user', '9', '20', '--key', 'a'], 2, /^$/],
    [
      ['adjust', 'organization', '1', '--amount', '-0.5', '--key', 'b', '--note', 'wrong'],
      0,
      /^the balance is 19\.50 GBP\n$/,
    ],
    [['adjust', 'organization', '1', '--amount', '1', '--key', 'c', '--refund'], 0, /^the balance is/],
    [['adjust', 'organization', '1', '--amount', 'much', '--key', 'c'], 2, /^$/],
    [['entries', 'organization', '1'], 0, /top-up +20\.00 +invoice 1 +admin +by card\n$/],
    [['entries', 'user', '9'], 2, /^$/],
  ]
  for (const [args, code, out] of rows)
    test(`balances ${args.join(' ')}`, async () => {
      const ran = await strowger(...args)
      assert.equal(ran.code, code, ran.err)
      assert.match(ran.out, out)
      assert.equal(ran.err === '', code === 0)
    })
})
