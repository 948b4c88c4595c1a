/** What the verification of a signed call came to, as its channel carries it: `passed/A/`, `failed/B/stale`. */
import { ATTESTATIONS, type Attestation } from '../telephony/caller-identity.ts'

export const VERSTAT_VARIABLE = 'strowger_verstat'

export const VERDICTS = ['passed', 'failed', 'none'] as const
/** `none`: the call was not signed, or it could not be told in time. */
export type Verdict = (typeof VERDICTS)[number]

export type Verstat = {
  readonly verdict: Verdict
  /** What the signer says of the caller; believed only where the verdict is `passed`. */
  readonly attestation: Attestation | undefined
  /** Why it did not pass; a few words of our own. */
  readonly why: string | undefined
}

/** 3GPP TS 24.229, 7.2A.20: the parameter that phones read. */
export const VERSTAT_PARAMETER: Readonly<Record<Verdict, string>> = {
  passed: 'TN-Validation-Passed',
  failed: 'TN-Validation-Failed',
  none: 'No-TN-Validation',
}

export const encodeVerstat = ({ verdict, attestation, why }: Verstat): string =>
  `${verdict}/${attestation ?? ''}/${(why ?? '').replace(/[^\w -]/g, ' ')}`

/** Undefined: it is not one of ours. */
export const decodeVerstat = (text: string): Verstat | undefined => {
  const [word, letter, why] = text.split('/')
  const verdict = VERDICTS.find((known) => known === word)
  if (verdict === undefined) return undefined
  return {
    verdict,
    attestation: ATTESTATIONS.find((known) => known === letter),
    why: why === undefined || why === '' ? undefined : why,
  }
}
