import type { Plan } from '../../src/call/plan.ts'
import type { Organization, User } from '../../src/directory/records.ts'
import { planFromUser } from '../../src/plan/make-plan.ts'
import type { E164 } from '../../src/telephony/e164.ts'
import {
  NOW,
  organization,
  surroundings,
  user,
  uuid,
  uuidsFrom,
  type GivenState,
  type GivenWorld,
} from '../support/snapshot.ts'
import { PLAN_SETTINGS } from '../support/world.ts'

/** The plan of a call from user 1001 of Acme, in a world that has what is given. */
export const planIn = (
  given: GivenWorld,
  dialled: string,
  options: {
    readonly state?: GivenState
    readonly requested?: E164
    readonly caller?: User
    readonly of?: Organization
    readonly maxRoutes?: number
  } = {},
): Plan =>
  planFromUser(
    {
      callId: uuid(1),
      organization: options.of ?? organization(),
      user: options.caller ?? user(),
      dialled,
      requestedCallerId: options.requested,
      now: NOW,
    },
    surroundings(given, options.state),
    { ...PLAN_SETTINGS, maxRoutes: options.maxRoutes ?? 5, newUuid: uuidsFrom(100) },
  )

/** `carriers gw1 gw2`, `devices ada-desk`, `conversation echo-test`, `refuse CAUSE`. */
export const targetOf = ({ target }: Plan): string => {
  switch (target.kind) {
    case 'carriers':
      return ['carriers', ...target.attempts.map(({ gateway: name }) => name)].join(' ')
    case 'devices':
      return ['devices', ...target.devices.map(({ username }) => username)].join(' ')
    case 'conversation':
      return `conversation ${target.flow}`
    case 'refuse':
      return `refuse ${target.cause}`
  }
}
