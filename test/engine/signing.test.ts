import assert from 'node:assert/strict'
import type { Claims } from '../../src/caller-id/passport.ts'
import type { AttemptCallerId } from '../../src/call/caller-id.ts'
import type { Plan } from '../../src/call/plan.ts'
import { decodeVerstat, encodeVerstat } from '../../src/call/verstat.ts'
import { signPlan, withVerstat } from '../../src/engine/signing.ts'
import { planIn } from '../plan/plan-in.ts'
import { carriers, ddi, NOW } from '../support/snapshot.ts'

const base = planIn({ ...carriers(3), numbers: [ddi('+442079460101')] }, '+442079460300')

/** The plan with these changes of its attempts' caller IDs, one each. */
const planWith = (...changes: readonly Partial<AttemptCallerId>[]): Plan => {
  const { target } = base
  if (target.kind !== 'carriers') throw new Error('no carriers')
  return {
    ...base,
    target: {
      ...target,
      attempts: target.attempts.map((attempt, index) => ({
        ...attempt,
        ...(attempt.callerId === undefined ? {} : { callerId: { ...attempt.callerId, ...changes[index] } }),
      })),
    },
  }
}

const identities = ({ target }: Plan): readonly (string | undefined)[] =>
  target.kind === 'carriers' ? target.attempts.map(({ callerId }) => callerId?.identity) : []

suite('engine: signing', () => {
  const signer = () => {
    const signed: Claims[] = []
    return {
      signed,
      sign: (claims: Claims) => {
        signed.push(claims)
        return `token ${signed.length}`
      },
    }
  }

  test('attempts that want it carry a signature, one for all who are told the same', () => {
    const { sign, signed } = signer()
    const plan = signPlan(planWith({ attestation: 'A' }, {}, { attestation: 'A' }), NOW, sign)
    assert.deepEqual(identities(plan), ['token 1', undefined, 'token 1'])
    assert.deepEqual(signed, [
      {
        attest: 'A',
        orig: '442079460101',
        dest: ['442079460300'],
        iat: NOW / 1_000,
        origid: base.call.callId,
      },
    ])
  })

  test('a withheld number is signed only for whom is trusted with it', () => {
    const plan = signPlan(
      planWith(
        { attestation: 'A', withheld: true },
        { attestation: 'A', withheld: true, trusted: true },
        { attestation: 'A', number: undefined, sent: undefined },
      ),
      NOW,
      signer().sign,
    )
    assert.deepEqual(identities(plan), [undefined, 'token 1', undefined])
  })

  test('where nobody signs the call goes out unsigned', () => {
    const plan = planWith({ attestation: 'A' })
    assert.deepEqual(identities(signPlan(plan, NOW, () => undefined)), [undefined, undefined, undefined])
  })

  test('a call without Identity is told to be none, and nobody is asked', async () => {
    const told = await withVerstat(base, undefined, NOW, () => Promise.reject(new Error('asked')))
    assert.deepEqual(told.verstat, { verdict: 'none', attestation: undefined, why: 'not signed' })
  })

  test('what was found is in the plan, with who was called and who calls', async () => {
    const asked: unknown[] = []
    const told = await withVerstat(base, 'header', NOW, (header, call) => {
      asked.push(header, call)
      return Promise.resolve({ verdict: 'passed', attestation: 'A', why: undefined })
    })
    assert.deepEqual(asked, ['header', { caller: '+442079460101', called: '+442079460300', now: NOW }])
    assert.equal(told.verstat?.verdict, 'passed')
    assert.match(told.trace.at(-1) ?? '', /identity: passed/)
  })

  for (const verstat of [
    { verdict: 'passed', attestation: 'A', why: undefined },
    { verdict: 'failed', attestation: 'C', why: 'another caller' },
    { verdict: 'none', attestation: undefined, why: 'not in time' },
  ] as const) {
    test(`${encodeVerstat(verstat)} is carried and read`, () =>
      assert.deepEqual(decodeVerstat(encodeVerstat(verstat)), verstat))
  }
  for (const text of ['', 'yes', 'passed-A', '${x}/A/'])
    test(`${JSON.stringify(text)} is none of ours`, () => assert.equal(decodeVerstat(text), undefined))
})
