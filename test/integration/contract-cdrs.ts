/** Reports, and records that could not be taken in, asked of a real engine with success. */
import assert from 'node:assert/strict'
import { until } from '../live/net.ts'
import type { ContractWorld, Json } from './contract-world.ts'

export const askReports = async ({ ask }: ContractWorld): Promise<void> => {
  for (const kind of ['calls', 'users', 'carriers', 'gateways', 'destinations', 'prefixes']) {
    const query = {
      since: '2026-01-01T00:00:00Z',
      interval: 'day',
      timezone: 'Europe/London',
      organization: 1,
    }
    await ask(200, `GET /v1/reports/${kind}`, { query })
  }
  await ask(200, 'GET /v1/reports/hourly', { query: { since: '2026-01-01T00:00:00Z', organization: 1 } })
}

/** A record without a uuid may hold a real call: it is taken, and kept for a person. */
export const askQuarantine = async ({ ask }: ContractWorld): Promise<void> => {
  const headers = { 'content-type': 'application/json' }
  const listed = async (): Promise<readonly Json[]> =>
    (await ask(200, 'GET /v1/cdrs/quarantine', { query: { limit: 10 } })).json['records'] as readonly Json[]
  await ask(200, 'POST /v1/cdrs/ingest', { body: { variables: { direction: 'inbound' } }, headers })
  const kept = await until('it is in quarantine', async () => (await listed())[0])
  const params = { id: String(kept['id']) }
  await ask(200, 'GET /v1/cdrs/quarantine/{id}', { params })
  await ask(200, 'POST /v1/cdrs/quarantine/{id}/retry', { params, body: {} })
  const again = await until('it is back', async () => (await listed())[0])
  await ask(200, 'DELETE /v1/cdrs/quarantine/{id}', { params: { id: String(again['id']) } })
  assert.deepEqual(await listed(), [])
}
