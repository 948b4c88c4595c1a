/** What would happen to a call, told from the plan that a call would get: the same code path, nothing dialled. */
import type { Directory } from '../directory/directory.ts'
import type { Organization, User } from '../directory/records.ts'
import { isE164, parseNumber, type E164 } from '../telephony/e164.ts'
import { newCallUuid } from '../telephony/call-uuid.ts'
import { decisionOf, type Decision } from './decision.ts'
import type { Planner } from './planner.ts'
import type { World } from './world.ts'

export type ExplainRequest = {
  readonly number: string
  readonly organizationId: number | undefined
  /** The extension that would dial, or the number of ours that the callee would see. */
  readonly from: string | undefined
  /** Milliseconds since the epoch; undefined: now. Carriers are as they are now all the same. */
  readonly at: number | undefined
}

export type Explanation = Decision

export type ExplainOutcome =
  | { readonly kind: 'explained'; readonly explanation: Explanation }
  | {
      readonly kind: 'refused'
      readonly code: 'INVALID_DESTINATION' | 'USER_NOT_FOUND' | 'ORGANIZATION_NOT_FOUND'
      readonly message: string
    }

export const explain = async (
  request: ExplainRequest,
  world: World,
  planner: Pick<Planner, 'preview'>,
  now: number,
): Promise<ExplainOutcome> => {
  const directory = world.directory()
  const organizations = directory.organizations().filter(({ id }) => (request.organizationId ?? id) === id)
  if (organizations.length === 0) {
    return { kind: 'refused', code: 'ORGANIZATION_NOT_FOUND', message: 'there is no such organisation' }
  }
  const [caller] = organizations.flatMap((organization) => callerOf(request.from, organization, directory))
  if (caller === undefined) {
    return {
      kind: 'refused',
      code: 'USER_NOT_FOUND',
      message:
        request.from === undefined
          ? 'the organisation has no user'
          : `there is no extension and no number of ours ${request.from.slice(0, 40)}`,
    }
  }
  const at = request.at ?? now
  const { plan, microseconds } = await planner.preview({
    callId: newCallUuid(),
    ...caller,
    dialled: request.number,
    now: at,
  })
  if (plan.numberClass.kind === 'invalid') {
    return {
      kind: 'refused',
      code: 'INVALID_DESTINATION',
      message: `${request.number.slice(0, 40)}: ${plan.numberClass.why}`,
    }
  }
  const decision = decisionOf(plan, at, world.surroundings(), microseconds)
  return { kind: 'explained', explanation: { ...decision, number: request.number } }
}

type Caller = {
  readonly organization: Organization
  readonly user: User
  readonly requestedCallerId: E164 | undefined
}

const callerOf = (
  from: string | undefined,
  organization: Organization,
  directory: Directory,
): readonly Caller[] => {
  const [first] = directory.usersOf(organization.id)
  const named = from === undefined ? first : directory.userOfExtension(organization.id, from)
  if (named !== undefined) return [{ organization, user: named, requestedCallerId: undefined }]
  const number = from === undefined ? undefined : numberOf(from, organization)
  if (number === undefined || !directory.ownsNumber(organization.id, number)) return []
  const owner = directory.ddi(number)
  const user = (owner === undefined ? undefined : directory.user(owner.userId)) ?? first
  return user === undefined ? [] : [{ organization, user, requestedCallerId: number }]
}

const numberOf = (text: string, { country }: Organization): E164 | undefined =>
  isE164(text) ? text : parseNumber(text, country)?.number
