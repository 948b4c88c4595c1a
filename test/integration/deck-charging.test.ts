/** What a deck says of all its rates: from the import to the tariff that calls go by. */
import assert from 'node:assert/strict'
import { indexOfPast } from '../../src/app/draft-rates.ts'
import { bearer } from '../http/fake-doors.ts'
import { startDeckServer, type DeckServer } from './deck-server.ts'

const LIST = 'Prefix,Price,Increment\n44,0.0090,60/60\n'

suite('what a deck says of all its rates', function () {
  this.timeout(60_000)
  let server: DeckServer
  setup(async () => {
    server = await startDeckServer()
  })
  teardown(() => server.stop())

  /** As the loader of rates reads it. */
  const charged = async (): Promise<unknown> => {
    const index = await indexOfPast(server.databaseUrl, { since: Date.now(), deckId: undefined })
    const entry = index.rateOf('carrier', 1, '442079460123', Date.now())
    assert.ok(entry >= 0)
    const { graceSeconds, freeSeconds, rounding } = index.tariffOf(entry)
    return { graceSeconds, freeSeconds, rounding }
  }
  const imported = async (query: string): Promise<number> => {
    const { status, body } = await server.send('POST', `/import?carrier=A&${query}`, LIST)
    assert.equal(status, 200, JSON.stringify(body))
    return Number(body['deckId'])
  }

  test('calls are charged by it, and a later file of the same owner keeps it', async () => {
    await imported('graceSeconds=3&freeSeconds=10&rounding=up/4')
    const said = { graceSeconds: 3, freeSeconds: 10, rounding: { mode: 'up', decimals: 4 } }
    assert.deepEqual(await charged(), said)
    await imported('name=next')
    assert.deepEqual(await charged(), said)
    await imported('name=third&graceSeconds=0&rounding=none')
    assert.deepEqual(await charged(), { graceSeconds: undefined, freeSeconds: 10, rounding: undefined })
  })

  test('it is told with the deck, and may be changed', async () => {
    const id = await imported('freeSeconds=10&rounding=half-up/2')
    const told = await server.send('GET', `/${id}`)
    const { graceSeconds, freeSeconds, rounding } = told.body['rateDeck'] as Record<string, unknown>
    assert.deepEqual([graceSeconds, freeSeconds, rounding], [0, 10, 'half-up/2'])
    const changed = await fetch(`${server.url}/v1/rate-decks/${id}`, {
      method: 'PUT',
      headers: { ...bearer, 'content-type': 'application/json' },
      body: JSON.stringify({ graceSeconds: 5, rounding: null }),
    })
    assert.equal(changed.status, 200, await changed.text())
    assert.deepEqual(await charged(), { graceSeconds: 5, freeSeconds: 10, rounding: undefined })
  })

  test('what is no rounding is refused by its name', async () => {
    const { status, body } = await server.send('POST', '/import?carrier=A&rounding=down/2', LIST)
    assert.equal(status, 400)
    assert.equal((body['error'] as Record<string, unknown>)['field'], 'rounding')
  })
})
