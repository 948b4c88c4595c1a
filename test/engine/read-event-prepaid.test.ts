import assert from 'node:assert/strict'
import { ATTEMPT_VARIABLE, encodeCarried, type CarriedAttempt } from '../../src/call/carried.ts'
import { readDump } from '../../src/engine/read-event.ts'
import { tariff, uuid } from '../support/snapshot.ts'

const PLANNER = '00000000-0000-4000-8000-000000000001'
const TAKER = '00000000-0000-4000-8000-000000000002'
const SELL = { deckId: 900, prefix: '44', tariff: tariff('0.60') }
const ATTEMPT: CarriedAttempt = {
  n: 1,
  callId: uuid(1),
  legUuid: uuid(2),
  organizationId: 1,
  userId: 11,
  gatewayId: 1,
  gatewayName: 'edge 1',
  carrierId: 1,
  carrierName: 'One',
  number: '+442079460123',
  rate: undefined,
}

const seen = (attempt: CarriedAttempt, variables: Readonly<Record<string, string>> = {}) => {
  const fields: Readonly<Record<string, string>> = {
    'Unique-ID': uuid(2),
    'Answer-State': 'answered',
    'Caller-Channel-Answered-Time': '1795235219123456',
  }
  const all: Readonly<Record<string, string>> = { [ATTEMPT_VARIABLE]: encodeCarried(attempt), ...variables }
  const inputs = readDump({
    name: 'CHANNEL_DATA',
    get: (name) => fields[name],
    variable: (name) => all[name],
  })
  const [found] = inputs.flatMap(({ input }) => (input.kind === 'leg-seen' ? [input.leg] : []))
  return found
}

suite('engine: a prepaid leg that is found in the middle of its talk', () => {
  const prepaid = { balanceId: 7, engine: PLANNER }

  test('says who counts for it, at what price, and when it was answered', () => {
    const leg = seen({ ...ATTEMPT, sell: SELL, prepaid })
    assert.deepEqual(leg?.prepaid, { ...prepaid, sale: SELL })
    assert.equal(leg.answeredAt, 1_795_235_219_123)
  })

  test('is of the engine that took it over', () => {
    const leg = seen({ ...ATTEMPT, sell: SELL, prepaid }, { strowger_prepaid_engine: TAKER })
    assert.equal(leg?.prepaid?.engine, TAKER)
  })

  for (const [what, attempt] of [
    ['nobody pays for in advance', { ...ATTEMPT, sell: SELL }],
    ['has no price', { ...ATTEMPT, prepaid }],
  ] as const)
    test(`one that ${what} is none`, () => {
      assert.equal(seen(attempt)?.prepaid, undefined)
    })
})
