import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import type { CallInput } from '../../src/call/call-step.ts'
import type { Plan } from '../../src/call/plan.ts'
import { announce } from '../../src/engine/announce.ts'
import { planIn } from '../plan/plan-in.ts'
import { carriers, ddi, gateway, surroundings } from '../support/snapshot.ts'

const world = {
  ...carriers(1),
  gateways: [gateway(1, { carriesEmergency: true })],
  numbers: [ddi('+442079460101')],
}

const told = (plan: Plan): { readonly notes: readonly CallInput[]; readonly emergencies: number } => {
  const notes: CallInput[] = []
  let emergencies = 0
  announce(plan, {
    board: {
      post: (_callId, input) => {
        notes.push(input)
      },
    },
    directory: surroundings(world).directory,
    logger: silentLogger,
    onEmergency: () => (emergencies += 1),
  })
  return { notes, emergencies }
}

suite('engine: what is told as soon as a call is planned', () => {
  test('somebody calls for help: who, and from which number', () => {
    const { notes, emergencies } = told(planIn(world, '112'))
    assert.equal(emergencies, 1)
    const [note] = notes
    assert.equal(note?.kind === 'noted' && note.what, 'emergency')
    assert.equal(note?.kind === 'noted' && note.detail?.['callerNumber'], '+442079460101')
    assert.equal(note?.kind === 'noted' && note.detail?.['extension'], '1001')
  })

  test('who signed a call', () => {
    const verstat = { verdict: 'failed', attestation: 'A', why: 'stale' } as const
    const { notes, emergencies } = told({ ...planIn(world, '+442079460300'), verstat })
    assert.equal(emergencies, 0)
    const [note] = notes
    assert.equal(note?.kind === 'noted' && note.what, 'identity-checked')
    assert.deepEqual(note?.kind === 'noted' && note.detail, verstat)
  })

  test('of any other call nothing', () => {
    assert.deepEqual(told(planIn(world, '+442079460300')), { notes: [], emergencies: 0 })
  })
})
