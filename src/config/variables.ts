/** Every variable that the engine reads: for reading it, for `--help`, and for the test that holds the documents against this. */
import type { Variable } from './variable.ts'
import { CALL_VARIABLES } from './variables-calls.ts'
import { ENGINE_VARIABLES } from './variables-engine.ts'
import { ROUTING_VARIABLES } from './variables-routing.ts'

export const VARIABLES: readonly Variable[] = [...ENGINE_VARIABLES, ...ROUTING_VARIABLES, ...CALL_VARIABLES]
