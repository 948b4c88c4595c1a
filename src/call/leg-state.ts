/**
 * The states of a leg, as a table. An input with no arrow is ignored and counted, never thrown: FreeSWITCH
 * may repeat or reorder around a transfer, and a lost call costs more than a log line.
 */
export type LegState = 'new' | 'ringing' | 'early' | 'answered' | 'held' | 'gone'
export type LegInput = 'progress' | 'progress-media' | 'answer' | 'hold' | 'unhold' | 'hangup'

type Arrows = Readonly<Partial<Record<LegInput, LegState>>>

export const TRANSITIONS: Readonly<Record<LegState, Arrows>> = {
  new: { progress: 'ringing', 'progress-media': 'early', answer: 'answered', hangup: 'gone' },
  ringing: { 'progress-media': 'early', answer: 'answered', hangup: 'gone' },
  early: { answer: 'answered', hangup: 'gone' },
  answered: { hold: 'held', hangup: 'gone' },
  held: { unhold: 'answered', hangup: 'gone' },
  gone: {},
}

/** The next state, or undefined where the table has no arrow. */
export const nextLegState = (state: LegState, input: LegInput): LegState | undefined =>
  TRANSITIONS[state][input]
