/** Every scenario of test/scenario, on a real FreeSWITCH. */
import { SCENARIOS } from '../scenario/calls.ts'
import { play } from './play.ts'
import { live } from './live.ts'

live('calls', (stage) => {
  for (const scenario of SCENARIOS) {
    test(scenario.name, () => play(stage(), scenario))
  }
})
