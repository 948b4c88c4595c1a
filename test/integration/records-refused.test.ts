/** What the doors of records refuse, each by the name of its field. */
import assert from 'node:assert/strict'
import { DEMO_NUMBER } from '../../src/store/demo.ts'
import { errorOf } from '../http/answer.ts'
import { DECK, RATES, startRecordServer, type RecordServer } from './record-server.ts'

const organization = { name: 'x', sipDomain: 'x.test', country: 'GB', currency: 'GBP' }
const gateway = { carrierId: 1, name: 'x', hostname: 'x' }

type Refused = readonly [
  request: string,
  body: Record<string, unknown> | undefined,
  status: number,
  field: string,
  says: RegExp,
]

const REFUSED: readonly Refused[] = [
  ['POST organizations', { ...organization, sipDomain: 'demo.strowger.local' }, 409, 'sipDomain', /has it/],
  ['POST organizations', { ...organization, country: 'ZZ' }, 400, 'country', /ISO 3166/],
  ['POST organizations', { ...organization, lcrProfileId: 99 }, 400, 'lcrProfileId', /no such profile/],
  ['PUT organizations/1', { sipDomain: 'new.test' }, 409, 'sipDomain', /devices/],
  ['PUT organizations/1', { name: '  ' }, 400, 'name', /empty/],
  ['PUT organizations/1', { lcrProfileId: 99 }, 400, 'lcrProfileId', /no such profile/],
  ['PUT organizations/1', { timeZone: 'Europe/Nowhere' }, 400, 'timeZone', /IANA/],
  ['DELETE organizations/1', undefined, 409, 'id', /users 1, 2:/],
  ['POST carriers', { organizationId: 99, code: 'x', name: 'x' }, 400, 'organizationId', /no such/],
  ['PUT carriers/1', { code: 'B' }, 409, 'code', /another carrier/],
  ['PUT carriers/1', { organizationId: 1 }, 400, 'organizationId', /stays/],
  ['PUT carriers/1', { failover: { windowSeconds: 0 } }, 400, 'failover.windowSeconds', /86400/],
  ['PUT carriers/1', { name: 'Other', maxChannels: 0 }, 400, 'maxChannels', /1000000/],
  ['DELETE carriers/1', undefined, 409, 'id', /gateway 1; rate deck 1:/],
  ['POST gateways', { ...gateway, carrierId: 99 }, 400, 'carrierId', /no such carrier/],
  ['POST gateways', { ...gateway, register: true }, 400, 'register', /credentials/],
  ['POST gateways', { ...gateway, inboundCidrs: ['0.0.0.0/0'] }, 400, 'inboundCidrs', /everybody/],
  ['POST gateways', { ...gateway, name: 'x'.repeat(200) }, 400, 'name', /more than 128/],
  ['PUT gateways/1', { carrierId: 2 }, 400, 'carrierId', /stays/],
  ['PUT gateways/1', { hostname: '-a' }, 400, 'hostname', /host name/],
  ['POST gateways', { ...gateway, numberForm: { strip: 99 } }, 400, 'numberForm', /strip/],
  ...(
    [
      [{ format: 'national' }, 'country', /a country/],
      [{ format: 'national', country: 'ZZ' }, 'country', /no country/],
      [{ replacement: '1' }, 'replacement', /without a pattern/],
      [{ pattern: '(' }, 'pattern', /not closed/],
      [{ pattern: '(1+)+' }, 'pattern', /repeats/],
      [{ pattern: '^4', replacement: '$1' }, 'replacement', /no such group/],
      [{ pattern: '^4', replacement: 'x' }, 'replacement', /not made of/],
      [{ prefix: '9' }, 'format', /take digits/],
      [{ format: 'digits', prefix: '9+' }, 'prefix', /in front/],
      [{ format: 'digits', prefix: '+9', techPrefix: '7' }, 'prefix', /behind/],
    ] as const
  ).flatMap(([numberForm, field, says]): Refused[] => [
    ['POST gateways', { ...gateway, numberForm }, 400, `numberForm.${field}`, says],
    ['PUT gateways/1', { name: 'Other', numberForm }, 400, `numberForm.${field}`, says],
  ]),
  ['PUT gateways/1', { failover: { next: ['BUSY'] } }, 400, 'failover.next', /hangup cause/],
  ['PUT gateways/1', { failover: { stop: [486, '486x'] } }, 400, 'failover', /hangup causes/],
  ['PUT gateways/1', { failover: { stop: [486, 'X486'] } }, 400, 'failover.stop', /300 to 699/],
  ['PUT gateways/1', { maxCallsPerSecond: 100_001 }, 400, 'maxCallsPerSecond', /100000/],
  ['DELETE gateways/1', undefined, 409, 'id', /LCR route 1:/],
  ['POST users', { organizationId: 1, name: 'x', extension: '999' }, 400, 'extension', /emergency/],
  ['PUT users/2', { extension: '1001' }, 409, 'extension', /another user/],
  ['PUT users/2', { extension: '112' }, 400, 'extension', /emergency/],
  ['PUT users/2', { organizationId: 2 }, 400, 'organizationId', /stays/],
  ['DELETE users/1', undefined, 409, 'id', /device 1; number 1:/],
  ['POST devices', { userId: 99, username: 'x', password: 'long enough' }, 400, 'userId', /no such user/],
  ['PUT devices/1', { username: 'other' }, 400, 'password', /again/],
  ['PUT devices/1', { username: '1002', password: 'long enough' }, 409, 'username', /another device/],
  ['PUT devices/1', { userId: 99 }, 400, 'userId', /no such user/],
  ['POST numbers', { organizationId: 1, number: DEMO_NUMBER, userId: 1 }, 409, 'number', /in use/],
  ['PUT numbers/1', { userId: 99 }, 400, 'userId', /no such user/],
  ['POST lcr-profiles', { organizationId: 99, name: 'x' }, 400, 'organizationId', /no such/],
  ['POST lcr-profiles', { name: 'Cheapest first' }, 409, 'name', /another profile/],
  ['PUT lcr-profiles/1', { organizationId: 1 }, 400, 'organizationId', /stays/],
  ['POST lcr-profiles', { name: 'x', timeZone: 'Mars/Olympus' }, 400, 'timeZone', /IANA/],
  ['PUT lcr-profiles/1', { timeZone: '+02:00' }, 400, 'timeZone', /IANA/],
  ['POST lcr-profiles', { name: 'x', costWeight: 0, qualityWeight: 0 }, 400, 'costWeight', /above 0/],
  ['PUT lcr-profiles/1', { costWeight: 0, qualityWeight: 0 }, 400, 'costWeight', /above 0/],
  ['PUT lcr-profiles/1', { strategy: 'CHEAPEST' }, 400, 'strategy', /BALANCED/],
  ['PUT lcr-profiles/1', { maxPricePerMinute: '99999999' }, 400, 'maxPricePerMinute', /price/],
  ['DELETE lcr-profiles/1', undefined, 409, 'id', /organisation 1; LCR routes 1, 2, 3:/],
  ['POST lcr-routes', { profileId: 1, gatewayId: 1, prefix: '' }, 409, 'prefix', /has this route/],
  ['PUT lcr-routes/1', { gatewayId: 99 }, 400, 'gatewayId', /no such gateway/],
  ['PUT lcr-routes/1', { gatewayId: 2 }, 409, 'prefix', /has this route/],
  ['PUT lcr-routes/1', { priceOverride: '99999999' }, 400, 'priceOverride', /price/],
  ['PUT lcr-routes/1', { timeRestrictions: ['Mon-Fri', 'Blursday'] }, 400, 'timeRestrictions', /Blursday/],
  ['PUT lcr-routes/1', { timeRestrictions: ['08:00-08:00'] }, 400, 'timeRestrictions', /no time/],
  ['PUT lcr-routes/1', { asrPercent: 62.555 }, 400, 'asrPercent', /2 decimals/],
  ['PUT lcr-routes/1', { weight: -1 }, 400, 'weight', /1000/],
  ['POST blocked-prefixes', { organizationId: 99, prefix: '883' }, 400, 'organizationId', /no such/],
  ['POST blocked-prefixes', { prefix: '881' }, 409, 'prefix', /another row/],
  ['PUT blocked-prefixes/1', { organizationId: 1 }, 400, 'organizationId', /stays/],
  ['PUT blocked-prefixes/1', { prefix: '882' }, 409, 'prefix', /another row/],
  ['PUT blocked-prefixes/1', { prefix: '4x' }, 400, 'prefix', /without plus/],
  ['POST rate-decks', { ...DECK, carrierId: 99 }, 400, 'carrierId', /no such carrier/],
  ['POST rate-decks', { ...DECK, rates: [] }, 400, 'rates', /at least one/],
  [
    'POST rate-decks',
    { ...DECK, rates: [...RATES, { ...RATES[0], prefix: '' }] },
    400,
    'rates[1].prefix',
    /1 to 15/,
  ],
  ['POST rate-decks', { ...DECK, effectiveFrom: '2026-13-45' }, 400, 'effectiveFrom', /no moment/],
  ['POST rate-decks', { ...DECK, effectiveTo: '2020-01-01' }, 400, 'effectiveTo', /after effectiveFrom/],
  ['PUT rate-decks/1', { effectiveTo: '2019-01-01' }, 400, 'effectiveTo', /after effectiveFrom/],
  ['PUT rate-decks/1', { effectiveTo: '2026-13-45' }, 400, 'effectiveTo', /no moment/],
  ['PUT rate-decks/1', { currency: 'EUR' }, 400, 'currency', /stays/],
  ['PUT rate-decks/1', { rates: RATES }, 400, 'rates', /another deck/],
]

suite('records that are refused', function () {
  this.timeout(60_000)
  let server: RecordServer
  setup(async () => {
    server = await startRecordServer()
  })
  teardown(() => server.stop())

  test('what cannot be is refused by the name of its field, and nothing is changed', async () => {
    for (const prefix of ['881', '882'])
      assert.equal((await server.send('POST', 'blocked-prefixes', { prefix })).status, 201)
    const before = await server.snapshot()
    for (const [request, body, status, field, says] of REFUSED) {
      const [method = '', path = ''] = request.split(' ')
      const answer = await server.send(method, path, body)
      const what = `${request} ${JSON.stringify(body)}: ${answer.text}`
      assert.equal(answer.status, status, what)
      assert.deepEqual(
        [errorOf(answer).code, errorOf(answer).field],
        [status === 409 ? 'CONFLICT' : 'BAD_INPUT', field],
        what,
      )
      assert.match(errorOf(answer).message, says)
    }
    assert.deepEqual(await server.snapshot(), before)
  })
})
