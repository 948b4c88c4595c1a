import assert from 'node:assert/strict'
import { nextLegState, TRANSITIONS, type LegInput, type LegState } from '../../src/call/leg-state.ts'

const STATES: readonly LegState[] = ['new', 'ringing', 'early', 'answered', 'held', 'gone']
const INPUTS: readonly LegInput[] = ['progress', 'progress-media', 'answer', 'hold', 'unhold', 'hangup']

/** One row a state, one column an input; a dot is no arrow. */
const TABLE = `
             progress  progress-media  answer    hold  unhold    hangup
  new        ringing   early           answered  .     .         gone
  ringing    .         early           answered  .     .         gone
  early      .         .               answered  .     .         gone
  answered   .         .               .         held  .         gone
  held       .         .               .         .     answered  gone
  gone       .         .               .         .     .         .`

suite('call: the states of a leg', () => {
  const [header = [], ...rows] = TABLE.trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  for (const [state = '', ...nexts] of rows) {
    test(`${state} goes where the table says`, () => {
      const from = STATES.find((each) => each === state)
      assert.ok(from !== undefined)
      header.forEach((name, index) => {
        const input = INPUTS.find((each) => each === name)
        assert.ok(input !== undefined)
        assert.equal(nextLegState(from, input) ?? '.', nexts[index])
      })
    })
  }

  test('the table has every state and every input', () => {
    assert.deepEqual(Object.keys(TRANSITIONS).sort(), [...STATES].sort())
    assert.deepEqual(header, INPUTS)
    assert.equal(rows.length, STATES.length)
  })

  test('every state but gone ends with a hangup, and nothing leads out of gone', () => {
    for (const state of STATES)
      assert.equal(nextLegState(state, 'hangup'), state === 'gone' ? undefined : 'gone')
    assert.deepEqual(TRANSITIONS.gone, {})
  })
})
