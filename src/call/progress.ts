/** What the caller hears while he waits, and what an answer means. Part of a plan. */
import type { Country } from '../telephony/e164.ts'

export type CallProgress = {
  /** Whose ring-back tone the caller hears where the switch makes it; undefined: the one of most of Europe. */
  readonly ringbackCountry: Country | undefined
  /** The caller's phone is off the hook already: the API rang it first. */
  readonly callerAnswered: boolean
  /** The switch's tone replaces whatever the carrier sends before the answer. */
  readonly ownRingback: boolean
  /** Whoever answers ends the hunt, also if he is not connected then. */
  readonly stopsWhenAnswered: boolean
  /** Phones of ours have to press 1. */
  readonly confirm?: { readonly timeoutSeconds: number } | undefined
}
