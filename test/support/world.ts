/** A world as an engine holds it, with its planner: nothing is on, nothing was seen, and no LRN is looked up. */
import type { CarriedCall } from '../../src/call/carried.ts'
import type { Decision } from '../../src/engine/decision.ts'
import { createPlanner, type Planner, type PlannerOptions } from '../../src/engine/planner.ts'
import { createWorld, type State, type World } from '../../src/engine/world.ts'
import { createTurns } from '../../src/routing/turns.ts'
import { DEFAULT_FAILOVER_POLICY } from '../../src/telephony/failover-policy.ts'
import { NPA_STATES } from '../../src/telephony/npa-states.ts'
import { HEALTHY, IDLE, rateIndex, snapshot, type GivenWorld } from './snapshot.ts'

/** What an engine with the default configuration plans by. */
export const PLAN_SETTINGS = {
  maxRoutes: 5,
  maxDurationSeconds: 14_400,
  postDialDelayBudgetSeconds: 30,
  npaStates: NPA_STATES,
  failover: DEFAULT_FAILOVER_POLICY,
}

export const unknownWorld = (state: Partial<State> = {}): World =>
  createWorld({
    isUp: () => true,
    load: IDLE,
    health: HEALTHY,
    turns: createTurns(),
    failoverStrategy: 'sequential',
    ...state,
  })

export const worldWith = ({ rates = [], ...given }: GivenWorld = {}, state: Partial<State> = {}): World => {
  const world = unknownWorld(state)
  world.replace(snapshot(given))
  world.replaceRates(rateIndex(rates))
  return world
}

export const plannerIn = (
  world: World,
  given: Partial<PlannerOptions> = {},
): Planner & { readonly planned: CarriedCall[]; readonly decided: Decision[] } => {
  const planned: CarriedCall[] = []
  const decided: Decision[] = []
  const planner = createPlanner({
    world,
    settings: () => PLAN_SETTINGS,
    lrn: undefined,
    onPlanned: (call) => planned.push(call),
    onDecided: (_call, decision) => decided.push(decision),
    elapsed: () => 0,
    ...given,
  })
  return { ...planner, planned, decided }
}

/** For what asks no routes of context `lcr`. */
export const noRoutesAsked = (): Promise<never> => Promise.reject(new Error('context lcr was asked'))
