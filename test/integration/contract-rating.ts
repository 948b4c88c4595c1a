/** Every answer of the routes of rating, held against the document. */
import assert from 'node:assert/strict'
import type { ContractWorld } from './contract-world.ts'

type Json = Readonly<Record<string, unknown>>

export const askRating = async ({ ask }: ContractWorld): Promise<void> => {
  const rate = { day: '2026-11-20', base: 'EUR', currency: 'USD', rate: '1.0862' }
  const exchange = 'POST /v1/exchange-rates'
  assert.equal((await ask(200, exchange, { body: { rates: [rate] } })).json['written'], 1)
  assert.equal((await ask(200, exchange, { body: { rates: [rate] } })).json['written'], 0)
  await ask(400, exchange, { body: { rates: [{ ...rate, currency: 'EUR' }] } })
  await ask(400, exchange, { body: { rates: [{ ...rate, day: '2026-02-30' }] } })
  await ask(400, exchange, { body: { rates: [{ ...rate, rate: '0' }] } })
  await ask(200, 'GET /v1/exchange-rates', { query: { base: 'EUR' } })
  const params = { base: 'EUR', currency: 'USD', day: '2026-11-20' }
  const remove = 'DELETE /v1/exchange-rates/{base}/{currency}/{day}'
  await ask(200, remove, { params })
  await ask(404, remove, { params })

  const tax = { name: 'VAT', percent: '20', country: 'GB' }
  const made = await ask(201, 'POST /v1/tax-rates', { body: { ...tax, organizationId: 1 } })
  await ask(400, 'POST /v1/tax-rates', { body: { ...tax, percent: 'much' } })
  await ask(200, 'GET /v1/tax-rates', { query: { organization: '1' } })
  const id = Number((made.json['taxRate'] as Json)['id'])
  const end = 'POST /v1/tax-rates/{id}/end'
  await ask(200, end, { params: { id }, body: { effectiveTo: '2027-01-01T00:00:00Z' } })
  await ask(404, end, { params: { id: 999 }, body: { effectiveTo: '2027-01-01T00:00:00Z' } })
  await ask(200, 'DELETE /v1/tax-rates/{id}', { params: { id } })
  await ask(404, 'DELETE /v1/tax-rates/{id}', { params: { id } })

  const rerate = 'POST /v1/cdrs/reratings'
  const period = { since: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z' }
  const dry = await ask(200, rerate, { body: { ...period, dryRun: true } })
  assert.equal(dry.json['state'], 'done', JSON.stringify(dry.json))
  const applied = await ask(200, rerate, { body: { ...period, dryRun: false, side: 'buy' } })
  await ask(400, rerate, { body: { since: period.until, until: period.since, dryRun: true } })
  await ask(400, rerate, { body: { ...period, dryRun: true, deckId: 999_999 } })
  await ask(200, 'GET /v1/cdrs/reratings')
  const one = { params: { id: Number(applied.json['id']) } }
  await ask(200, 'GET /v1/cdrs/reratings/{id}', one)
  await ask(404, 'GET /v1/cdrs/reratings/{id}', { params: { id: 999 } })
  await ask(200, 'POST /v1/cdrs/reratings/{id}/undo', one)
  await ask(409, 'POST /v1/cdrs/reratings/{id}/undo', { params: { id: Number(dry.json['id']) } })
  await ask(404, 'POST /v1/cdrs/reratings/{id}/undo', { params: { id: 999 } })
  await ask(200, 'POST /v1/cdrs/reratings/{id}/cancel', one)
  await ask(404, 'POST /v1/cdrs/reratings/{id}/cancel', { params: { id: 999 } })
}
