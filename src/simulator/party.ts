/**
 * What the far ends do: the scenario decides it, this floor plays it. All times are milliseconds; `afterMs` and
 * `ringAfterMs` count from the INVITE, `hangupAfterMs` and the digits' `afterMs` from the answer.
 */
export type PartyBehaviour = {
  /** 180, or 183 with SDP where `earlyMedia` is true, then 180 with `thenRings`. Absent: 0 for one that rings, never for one that does not. */
  readonly ringAfterMs?: number
  readonly earlyMedia?: boolean
  readonly thenRings?: boolean
  readonly outcome:
    | { readonly kind: 'answer'; readonly afterMs: number; readonly hangupAfterMs?: number }
    /** `status`: the SIP status; `reason`: the number of a Q.850 Reason header, as text. */
    | { readonly kind: 'refuse'; readonly status: number; readonly reason?: string; readonly afterMs: number }
    /** Not even a 100: the switch gives up by itself after 32 s. */
    | { readonly kind: 'silent' }
    | { readonly kind: 'ring-forever' }
  readonly digits?: readonly DialledDigits[]
}

export type DialledDigits = { readonly afterMs: number; readonly digits: string }

/** What the one who calls does. */
export type CallerBehaviour = {
  readonly hangupAfterMs?: number
  readonly cancelAfterMs?: number
  readonly digits?: readonly DialledDigits[]
  /** A call from a carrier: the number in its From. */
  readonly callerNumber?: string
}

export type Scenario = {
  readonly gateway?: (gatewayName: string, number: string) => PartyBehaviour
  readonly phone?: (username: string, domain: string) => PartyBehaviour
  /** Whether a phone can be found by sofia_contact. Without this every phone can. */
  readonly registered?: (username: string, domain: string) => boolean
  /** Whether a gateway with a `ping` answers its OPTIONS. Without this every gateway does. */
  readonly answersPing?: (gatewayName: string) => boolean
  /** How long a sound file plays; tones and silence say it themselves. Without this two seconds. */
  readonly soundMs?: (file: string) => number
}

const USUAL: PartyBehaviour = {
  ringAfterMs: 0,
  outcome: { kind: 'answer', afterMs: 1000, hangupAfterMs: 10_000 },
}

export const gatewayBehaviour = (scenario: Scenario, name: string, number: string): PartyBehaviour =>
  scenario.gateway?.(name, number) ?? USUAL

export const phoneBehaviour = (scenario: Scenario, username: string, domain: string): PartyBehaviour =>
  scenario.phone?.(username, domain) ?? USUAL

export const soundMs = (scenario: Scenario, file: string): number => scenario.soundMs?.(file) ?? 2000
