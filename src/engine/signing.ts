/**
 * Calls that are signed, and signed calls that come in (STIR/SHAKEN). What is told of either is made here; the keys and
 * the certificates are behind the two shapes.
 */
import { telephoneNumber, type Called, type Claims } from '../caller-id/passport.ts'
import type { Plan, PlannedAttempt } from '../call/plan.ts'
import type { Verstat } from '../call/verstat.ts'
import type { EventDetail } from '../call/live-call.ts'
import { isE164 } from '../telephony/e164.ts'

/** The Identity header of a call; undefined: it goes out unsigned. */
export type SignIdentity = (claims: Claims) => string | undefined

/** Never rejects, and answers within its own limit. */
export type VerifyIdentity = (header: string, call: Called) => Promise<Verstat>

/** A number that is withheld is signed only for a gateway that may know it: the token has it in the clear. */
export const signPlan = (plan: Plan, now: number, sign: SignIdentity): Plan => {
  const { target, call } = plan
  if (target.kind !== 'carriers' || call.destination === undefined) return plan
  const dest = telephoneNumber(call.destination)
  if (dest === undefined || !target.attempts.some(isToBeSigned)) return plan
  const signed = new Map<string, string | undefined>()
  const attempts = target.attempts.map((attempt): PlannedAttempt => {
    const { callerId } = attempt
    if (!isToBeSigned(attempt) || callerId?.attestation === undefined || callerId.number === undefined)
      return attempt
    const { attestation: attest, number } = callerId
    const key = `${attest}${number}`
    if (!signed.has(key)) {
      const claims: Claims = {
        attest,
        orig: number.slice(1),
        dest: [dest],
        iat: Math.floor(now / 1_000),
        origid: call.callId,
      }
      signed.set(key, sign(claims))
    }
    const identity = signed.get(key)
    return identity === undefined ? attempt : { ...attempt, callerId: { ...callerId, identity } }
  })
  return { ...plan, target: { ...target, attempts } }
}

const isToBeSigned = ({ callerId }: PlannedAttempt): boolean =>
  callerId?.attestation !== undefined &&
  callerId.number !== undefined &&
  (!callerId.withheld || callerId.trusted)

/** The plan of a call that a carrier brings, with what is known of who signed it. */
export const withVerstat = (
  plan: Plan,
  header: string | undefined,
  now: number,
  verify: VerifyIdentity,
): Plan | Promise<Plan> => {
  const { destination: called, callerNumber } = plan.call
  if (called === undefined) return plan
  const told = (verstat: Verstat): Plan => ({
    ...plan,
    verstat,
    trace: [
      ...plan.trace,
      `the caller's identity: ${verstat.verdict}${verstat.why === undefined ? '' : `, ${verstat.why}`}`,
    ],
  })
  if (header === undefined) return told({ verdict: 'none', attestation: undefined, why: 'not signed' })
  const caller = callerNumber !== undefined && isE164(callerNumber) ? callerNumber : undefined
  return verify(header, { caller, called, now }).then(told)
}

export const verstatDetail = ({ verdict, attestation, why }: Verstat): EventDetail => ({
  verdict,
  attestation: attestation ?? null,
  why: why ?? null,
})
