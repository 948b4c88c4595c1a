/** What calls cost and bring, from the records of a real switch: failover, fees, two currencies, tax, margin. */
import assert from 'node:assert/strict'
import { addRates, removeRateDeck } from '../../src/store/rate-deck-writes.ts'
import { updateGateway } from '../../src/store/gateway-writes.ts'
import { ANSWERS, HANGS_UP, refuses } from '../scenario/parties.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import { ask } from './ask.ts'
import { MASTER_KEY, passwordOf } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { finalStatuses } from './sipp.ts'
import { callerXml, partyXml } from './sipp-xml.ts'

const TO = '+442079460177'
const FEE_A = '0.0004'
const FEE_B = '0.001'
type Json = Readonly<Record<string, unknown>>

live('rating', (stage) => {
  let sellDeck = 0
  let taxId = 0
  const today = new Date().toISOString().slice(0, 10)

  const api = async (method: string, path: string, body?: unknown, expected = 200): Promise<Json> => {
    const { status, json } = await ask(stage(), method, path, body)
    assert.equal(status, expected, `${method} ${path}: ${JSON.stringify(json)}`)
    return json
  }
  const carrierId = async (code: string): Promise<number> => {
    const { carriers } = await api('GET', '/v1/carriers')
    const found = (carriers as readonly Json[]).find((carrier) => carrier['code'] === code)
    return Number(found?.['id'])
  }

  suiteSetup(async () => {
    const { database, house } = stage()
    await stage().register('1001')
    await api('POST', '/v1/exchange-rates', {
      rates: [
        { day: today, base: 'EUR', currency: 'GBP', rate: '0.8' },
        { day: today, base: 'EUR', currency: 'USD', rate: '1.25' },
      ],
    })
    await api('PUT', `/v1/carriers/${await carrierId('A')}`, {
      attemptFee: { amount: FEE_A, currency: 'GBP' },
    })
    await api('PUT', `/v1/carriers/${await carrierId('B')}`, {
      attemptFee: { amount: FEE_B, currency: 'USD' },
    })
    const tax = await api(
      'POST',
      '/v1/tax-rates',
      { organizationId: house.organizationId, country: 'GB', name: 'VAT', percent: '20' },
      201,
    )
    taxId = Number((tax['taxRate'] as Json)['id'])
    sellDeck = await addRates(database, {
      organizationId: house.organizationId,
      name: 'What House pays',
      currency: 'EUR',
      rates: [
        {
          ...{ prefix: '4420', pricePerMinute: '0.09', connectionFee: '0.01' },
          ...{ firstIncrementSeconds: 30, nextIncrementSeconds: 6, effectiveFrom: Date.UTC(2020, 0, 1) },
        },
      ],
    })
    await until('the engine sells by the deck', async () => {
      const { json } = await ask(
        stage(),
        'GET',
        `/v1/routes/explain?number=${encodeURIComponent(TO)}&from=1001`,
      )
      return JSON.stringify(json).includes('sold at')
    })
  })
  suiteTeardown(async () => {
    const { database } = stage()
    await removeRateDeck(database, sellDeck)
    await api('DELETE', `/v1/tax-rates/${taxId}`)
    for (const code of ['A', 'B'])
      await api('PUT', `/v1/carriers/${await carrierId(code)}`, { attemptFee: null })
  })

  /** The caller's and the second carrier's record, once all of the call is stored. */
  const recordsOf = async (callId: string): Promise<{ readonly a: Json; readonly b: Json }> => {
    let legs: readonly Json[] = []
    await until('the records are stored', async () => {
      const found = await ask(stage(), 'GET', `/v1/cdrs?call=${callId}&legs=true`)
      legs = (found.json['cdrs'] ?? []) as readonly Json[]
      return legs.some(isOfB) && legs.some((leg) => leg['leg'] === 'A')
    })
    const a = legs.find((leg) => leg['leg'] === 'A')
    const b = legs.find(isOfB)
    assert.ok(a !== undefined && b !== undefined)
    return { a, b }
  }
  const isOfB = (leg: Json): boolean => leg['leg'] === 'B' && leg['carrierName'] === 'Carrier B'

  const check = async (callId: string): Promise<void> => {
    const { a, b } = await recordsOf(callId)
    const seconds = Number(b['billableSeconds'])
    assert.ok(seconds >= 1 && seconds <= 30, `${seconds} s`)
    // Bought by the minute of the carrier that answered, at 0.02; the first one's 0.01 is nowhere.
    assert.deepEqual(b['cost'], { amount: '0.02', currency: 'GBP' })
    assert.equal((b['rate'] as Json)['pricePerMinute'], '0.02')
    // Sold in euros: 30 s of 0.09 and 0.01 are 0.055, of which 20 % are 0.011.
    const sale = b['sale'] as Json
    assert.deepEqual(
      [sale['amount'], sale['currency'], sale['chargedSeconds'], sale['tax']],
      ['0.055', 'EUR', 30, { name: 'VAT', percent: '20', amount: '0.011' }],
    )
    assert.equal(((sale['rate'] as Json)['exchange'] as Json)['rate'], '0.8')
    // 0.055 EUR are 0.044 GBP, less 0.02.
    assert.deepEqual(b['margin'], { amount: '0.024', currency: 'GBP' })
    const attempts = a['attempts'] as readonly Json[]
    assert.deepEqual(
      attempts.map(({ carrierName, outcome, fee }) => [carrierName, outcome, fee]),
      [
        ['Carrier A', 'FAILED', { amount: FEE_A, currency: 'GBP' }],
        ['Carrier B', 'ANSWERED', { amount: FEE_B, currency: 'USD' }],
        ['Carrier C', 'NOT_TRIED', null],
      ],
    )
    // A dollar is 0.64 pounds: 0.02 + 0.0004 + 0.00064.
    assert.deepEqual(a['cost'], { amount: '0.02104', currency: 'GBP' })
    const whole = a['sale'] as Json
    assert.deepEqual([whole['amount'], whole['currency']], ['0.044', 'GBP'])
    assert.equal((whole['tax'] as Json)['amount'], '0.0088')
    assert.deepEqual(a['margin'], { amount: '0.02296', currency: 'GBP' })
  }

  const callIdOf = async (since: number): Promise<string> => {
    let callId = ''
    await until('the call is listed', async () => {
      const { json } = await ask(stage(), 'GET', `/v1/cdrs?since=${new Date(since).toISOString()}&limit=1`)
      const [newest] = (json['cdrs'] ?? []) as readonly Json[]
      callId = typeof newest?.['callId'] === 'string' ? newest['callId'] : ''
      return callId !== ''
    })
    return callId
  }

  for (const [rendering, refusal, next] of [
    ['the dialplan', 503, []],
    ['a conversation', 403, [403]],
  ] as const) {
    test(`rating: a call that goes on to the second carrier in ${rendering} costs what that one charges, and both fees`, async () => {
      const { database, house, ports } = stage()
      const failover = next.length === 0 ? null : ({ believes: 'status', next: [...next], stop: [] } as const)
      await updateGateway(database, MASTER_KEY, house.gatewayIds.A, { failover })
      await new Promise((resolve) => setTimeout(resolve, 500))
      await stage().sipp({ name: 'rating-A', port: ports.carrier.A, xml: partyXml(refuses(refusal)) })
      await stage().sipp({ name: 'rating-B', port: ports.carrier.B, xml: partyXml(HANGS_UP) })
      const begun = Date.now()
      const caller = await stage().sipp({
        name: 'rating-caller',
        remote: `127.0.0.1:${ports.phones}`,
        xml: callerXml({ user: '1002', domain: DOMAIN, password: passwordOf('1002'), to: TO }),
      })
      await caller.done
      assert.deepEqual(
        finalStatuses(caller.messages()).map(({ status }) => status),
        [200],
      )
      await check(await callIdOf(begun - 1_000))
      await updateGateway(database, MASTER_KEY, house.gatewayIds.A, { failover: null })
    })
  }

  test('rating: a call of the API likewise, and rating it again with another deck can be taken back', async () => {
    const { database, ports } = stage()
    await stage().sipp({ name: 'rating-1001', port: ports.phone['1001'], xml: partyXml(ANSWERS) })
    await stage().sipp({ name: 'rating-A', port: ports.carrier.A, xml: partyXml(refuses(503)) })
    await stage().sipp({ name: 'rating-B', port: ports.carrier.B, xml: partyXml(HANGS_UP) })
    const since = new Date(Date.now() - 1_000).toISOString()
    const made = await api('POST', '/v1/calls/originate', { from: '1001', to: TO })
    const callId = String(made['callId'])
    await check(callId)

    const deckId = await addRates(database, {
      carrierId: await carrierId('B'),
      name: 'B corrected',
      currency: 'GBP',
      rates: [
        {
          ...{ prefix: '442', pricePerMinute: '0.05' },
          ...{ firstIncrementSeconds: 60, nextIncrementSeconds: 60, effectiveFrom: Date.UTC(2020, 0, 1) },
        },
      ],
    })
    try {
      const again = (dryRun: boolean): Promise<Json> =>
        api('POST', '/v1/cdrs/reratings', { since, deckId, side: 'buy', dryRun, wait: 20 })
      const dry = await again(true)
      assert.deepEqual(summary(dry), ['done', 1, '0.02', '0.05'])
      await check(callId)
      const applied = await again(false)
      assert.deepEqual(summary(applied), ['done', 1, '0.02', '0.05'])
      const { b } = await recordsOf(callId)
      assert.deepEqual(
        [b['cost'], b['margin']],
        [
          { amount: '0.05', currency: 'GBP' },
          { amount: '-0.006', currency: 'GBP' },
        ],
      )
      assert.deepEqual(summary(await again(false)).slice(0, 2), ['done', 0])
      const undone = await api('POST', `/v1/cdrs/reratings/${String(applied['id'])}/undo?wait=20`)
      assert.deepEqual(summary(undone), ['done', 1, '0.05', '0.02'])
      await check(callId)
    } finally {
      await removeRateDeck(database, deckId)
    }
  })
})

const summary = (rerating: Json): readonly unknown[] => {
  const report = rerating['report'] as Json
  const [group] = report['groups'] as readonly Json[]
  return [rerating['state'], report['changed'], group?.['before'], group?.['after']]
}
