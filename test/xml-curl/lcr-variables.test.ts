import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Plan } from '../../src/call/plan.ts'
import { renderLcrError, renderLcrVariables } from '../../src/xml-curl/lcr-variables.ts'
import { planIn } from '../plan/plan-in.ts'
import { carrier, carriers, ddi, gateway, rate, route } from '../support/snapshot.ts'
import { assertInert, hostile } from './preprocessor.ts'

/** What the document sets, in order. */
const settingsIn = (document: string): readonly string[] =>
  [...document.matchAll(/<action application="set" data="([^"]*)"\/>/g)].map(([, data = '']) =>
    data.replaceAll('&#45;', '-'),
  )

const setting = (document: string, name: string): string | undefined =>
  settingsIn(document)
    .findLast((one) => one.startsWith(`${name}=`))
    ?.slice(name.length + 1)

const given = { ...carriers(2), numbers: [ddi('+442079460101')] }
const FORGETS = ['lcr_auto_route=', 'lcr_error=', 'lcr_error_why=']

suite('routes as channel variables', () => {
  test('are one for each route and all in one', () => {
    const document = renderLcrVariables(planIn(given, '+442079460958'))
    const [one, two] = [setting(document, 'lcr_route_1'), setting(document, 'lcr_route_2')]
    assert.equal(setting(document, 'lcr_auto_route'), `${one ?? ''}|${two ?? ''}`)
    assert.equal(setting(document, 'lcr_route_count'), '2')
    assertInert(document)
  })

  test('what an earlier answer left is forgotten first, and nothing but set is used', () => {
    for (const document of [
      renderLcrVariables(planIn(given, '+442079460958')),
      renderLcrError('NO_PREFIX', ''),
    ]) {
      assert.deepEqual(settingsIn(document).slice(0, 3), FORGETS)
      assert.equal(document.match(/<action /g)?.length, settingsIn(document).length)
    }
  })

  test('without a rate there is none to tell', () => {
    const plan = planIn({ carriers: [carrier(1)], gateways: [gateway(1, { carriesEmergency: true })] }, '112')
    const document = renderLcrVariables(plan)
    assert.deepEqual(
      [setting(document, 'lcr_route_count'), setting(document, 'lcr_rate_1')],
      ['1', undefined],
    )
  })

  const errors: readonly (readonly [sentence: string, plan: Plan, error: string])[] = [
    ['nobody has the number', planIn({ ...given, rates: [] }, '+442079460958'), 'NO_PREFIX'],
    ['the number is none', planIn(given, '+44'), 'INVALID_NUMBER_FORMAT'],
    ['a number of ours rings a phone', planIn({}, '1001'), 'INVALID_DESTINATION'],
  ]
  for (const [sentence, plan, error] of errors) {
    test(`${sentence}: ${error}`, () => {
      const document = renderLcrVariables(plan)
      assert.deepEqual([setting(document, 'lcr_error'), setting(document, 'lcr_route_count')], [error, '0'])
    })
  }

  test('whatever a carrier is called, nothing of it is expanded or executed', () => {
    fc.assert(
      fc.property(hostile, (name) => {
        const plan = planIn(
          {
            carriers: [carrier(1, { name })],
            gateways: [gateway(1, { name })],
            lcrRoutes: [route(1)],
            rates: [rate(1, '', '0.01')],
          },
          '+442079460958',
        )
        const document = renderLcrVariables(plan)
        assertInert(document)
        assert.doesNotMatch(setting(document, 'lcr_carrier_1') ?? '', /[${}\\'"`|[\]&]/)
        const error = renderLcrError('NO_PREFIX', name)
        assertInert(error)
        assert.doesNotMatch(setting(error, 'lcr_error_why') ?? '', /[${}\\'"`|[\]&]/)
      }),
    )
  })
})
