/** What the simulated carriers do in a trial: the first is out of order, so that failover is seen at the first call. */
import type { World } from '../engine/world.ts'
import { gatewayIdOf } from '../directory/records.ts'
import type { PartyBehaviour, Scenario } from '../simulator/simulator.ts'

const OUT_OF_ORDER: PartyBehaviour = { outcome: { kind: 'refuse', status: 503, afterMs: 300 } }
const ANSWERS: PartyBehaviour = {
  ringAfterMs: 400,
  outcome: { kind: 'answer', afterMs: 2_000, hangupAfterMs: 10_000 },
}
const PHONE: PartyBehaviour = { ringAfterMs: 200, outcome: { kind: 'answer', afterMs: 1_500 } }

/** The carrier that stands first in the directory is the one that fails. */
export const trialScenario = (world: World): Scenario => ({
  gateway: (name) => {
    const gateway = world.directory().gateway(gatewayIdOf(name) ?? 0)
    const first = Math.min(
      ...world
        .directory()
        .gateways()
        .map(({ carrierId }) => carrierId),
    )
    return gateway?.carrierId === first ? OUT_OF_ORDER : ANSWERS
  },
  phone: () => PHONE,
  registered: () => true,
})
