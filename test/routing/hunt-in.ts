import type { Organization, Snapshot } from '../../src/directory/records.ts'
import { hunt, type Hunt, type Surroundings } from '../../src/routing/hunt.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { NOW, organization, surroundings } from '../support/snapshot.ts'

/** The hunt of Acme for a number, in a world that has what is given. */
export const huntIn = (
  given: Partial<Snapshot>,
  dialled = '442079460123',
  options: {
    readonly maxRoutes?: number
    readonly now?: number
    readonly state?: Partial<Pick<Surroundings, 'isUp' | 'channelsInUse'>>
    readonly caller?: Organization
  } = {},
): Hunt =>
  hunt(
    {
      organization: options.caller ?? organization(),
      destination: asE164(`+${dialled}`),
      now: options.now ?? NOW,
      maxRoutes: options.maxRoutes ?? 10,
    },
    surroundings(given, options.state),
  )
