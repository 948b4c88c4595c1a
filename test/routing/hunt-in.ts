import type { Organization } from '../../src/directory/records.ts'
import { hunt, type Hunt, type HuntRequest } from '../../src/routing/hunt.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { NOW, organization, surroundings, type GivenState, type GivenWorld } from '../support/snapshot.ts'

/** The hunt of Acme for a number, in a world that has what is given. */
export const huntIn = (
  given: GivenWorld,
  dialled = '442079460123',
  options: Partial<Omit<HuntRequest, 'organization' | 'destination'>> & {
    readonly state?: GivenState
    readonly caller?: Organization
  } = {},
): Hunt => {
  const { state, caller, ...request } = options
  return hunt(
    {
      organization: caller ?? organization(),
      destination: asE164(`+${dialled}`),
      now: NOW,
      maxRoutes: 10,
      ...request,
    },
    surroundings(given, state),
  )
}
