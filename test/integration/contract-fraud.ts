/** Every operation of toll fraud, asked of a real engine with success. */
import type { ContractWorld } from './contract-world.ts'

type Json = Readonly<Record<string, unknown>>
const idIn = (answer: { readonly json: Json }, key: string): number =>
  Number((answer.json[key] as Json)['id'])

export const askFraud = async ({ ask, askUntil, talk }: ContractWorld): Promise<void> => {
  const rule = await ask(201, 'POST /v1/fraud/rules', {
    body: {
      ...{
        organizationId: 1,
        name: 'Abroad at night',
        kind: 'night-burst',
        action: 'alert',
        limitCount: 100,
      },
      ...{ businessHours: ['Mon-Fri 08:00-18:00'], timeZone: 'Europe/London', international: true },
    },
  })
  const params = { id: idIn(rule, 'rule') }
  await ask(200, 'GET /v1/fraud/rules')
  await ask(200, 'GET /v1/fraud/rules/{id}', { params })
  await ask(200, 'PUT /v1/fraud/rules/{id}', { params, body: { limitCount: null, enabled: false } })
  await ask(200, 'DELETE /v1/fraud/rules/{id}', { params })

  const prefix = await ask(201, 'POST /v1/fraud/prefixes', {
    body: { organizationId: 1, prefix: '37190', risk: 'premium', note: 'Latvia', source: 'ourselves' },
  })
  await ask(200, 'GET /v1/fraud/prefixes')
  await ask(200, 'DELETE /v1/fraud/prefixes/{id}', { params: { id: idIn(prefix, 'prefix') } })

  // Any call to London is one too many: it goes out, and is the first alert of this engine.
  const london = await ask(201, 'POST /v1/fraud/rules', {
    body: {
      ...{ organizationId: 1, name: 'London', kind: 'calls-per-minute', action: 'alert' },
      ...{ limitCount: 0, prefixes: ['4420'] },
    },
  })
  await talk(1, '+442079460123')
  await askUntil(200, 'POST /v1/fraud/alerts/{id}/acknowledge', {
    params: { id: 1 },
    body: { note: 'a test' },
  })
  await ask(200, 'GET /v1/fraud/alerts', { query: { kind: 'calls-per-minute', acknowledged: 'true' } })
  await ask(200, 'DELETE /v1/fraud/rules/{id}', { params: { id: idIn(london, 'rule') } })

  const block = await ask(201, 'POST /v1/fraud/blocks', {
    body: { organizationId: 1, reason: 'a test', hours: 1, countries: ['SO'] },
  })
  await ask(200, 'GET /v1/fraud/blocks')
  await ask(200, 'DELETE /v1/fraud/blocks/{id}', { params: { id: Number(block.json['id']) } })

  for (const owner of ['organizations', 'users']) {
    const path = `/v1/${owner}/{id}/fraud-pin`
    await ask(200, `PUT ${path}`, { params: { id: 1 }, body: { pin: '4711' } })
    await ask(200, `DELETE ${path}`, { params: { id: 1 } })
  }
}
