/**
 * The way of a call that another switch makes: the same plan as a dialled call's, told as contacts. It takes its
 * turn among weighted routes; it takes no place, for nobody tells us when it ends.
 */
import type { Directory } from '../directory/directory.ts'
import { gatewayIdOf } from '../directory/records.ts'
import type { LrnLookup } from '../engine/planner.ts'
import { planRoutes, type RouteSettings } from '../plan/plan-routes.ts'
import type { Share, Surroundings } from '../routing/hunt.ts'
import { newCallUuid } from '../telephony/call-uuid.ts'
import { parseNumber, type E164 } from '../telephony/e164.ts'
import { classify } from '../telephony/number-class.ts'
import { refuseWith, type DecideRedirect, type RedirectAsk } from './redirect-answer.ts'
import { callerOf, organizationOf } from './redirect-organization.ts'

export type DecideRedirectOptions = {
  readonly surroundings: () => Surroundings
  readonly settings: () => Omit<RouteSettings, 'newUuid'>
  readonly lrn: LrnLookup | undefined
  readonly takeTurns: (shares: readonly (readonly Share[])[]) => void
  readonly now: () => number
}

export const createDecideRedirect =
  (options: DecideRedirectOptions): DecideRedirect =>
  async (ask) => {
    const { surroundings, settings, takeTurns, now } = options
    const { directory } = surroundings()
    const organization = organizationOf(ask, directory)
    if (organization === undefined) return refuseWith('NO_ORGANIZATION')
    const numberClass = classify(ask.requestUser, {
      country: organization.country,
      isExtension: (dialled) => directory.userOfExtension(organization.id, dialled) !== undefined,
    })
    if (numberClass.kind === 'invalid') return refuseWith('INVALID_NUMBER')
    // 112 too: whose call it is and where the caller is, the switch that asks knows and we do not.
    if (numberClass.kind !== 'e164') return refuseWith('NO_PREFIX')
    const lrn = await lrnOf(ask, numberClass.number, organization.country, options.lrn)
    const { hunt, attempts } = planRoutes(
      {
        callId: newCallUuid(),
        organization,
        userId: undefined,
        destination: numberClass.number,
        callerNumber: callerOf(ask, organization),
        lrn,
        codecs: ask.offeredCodecs.length > 0 ? ask.offeredCodecs : undefined,
        now: now(),
      },
      surroundings(),
      { ...settings(), newUuid: newCallUuid },
    )
    if (hunt.refusal !== undefined) return refuseWith(hunt.refusal.kind)
    takeTurns(hunt.shares)
    return {
      kind: 'redirect',
      contacts: attempts.flatMap(({ gateway: name, carried }) => {
        const gateway = gatewayNamed(name, directory)
        return gateway === undefined
          ? []
          : [
              {
                number: carried.number,
                hostname: gateway.hostname,
                port: gateway.port,
                transport: gateway.transport,
              },
            ]
      }),
    }
  }

const gatewayNamed = (name: string, directory: Directory) => {
  const id = gatewayIdOf(name)
  return id === undefined ? undefined : directory.gateway(id)
}

/** What the INVITE says of its portability comes first: it was looked up already. */
const lrnOf = async (
  { lrn, isPortabilityKnown }: RedirectAsk,
  number: E164,
  country: Parameters<typeof parseNumber>[1],
  lookup: LrnLookup | undefined,
): Promise<E164 | undefined> => {
  if (lrn !== undefined) return parseNumber(lrn, country)?.number
  if (isPortabilityKnown || lookup === undefined || !number.startsWith('+1')) return undefined
  const known = lookup.cached(number)
  return known === undefined ? lookup.lookup(number) : (known ?? undefined)
}
