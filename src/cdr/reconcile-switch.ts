/**
 * Our records against FreeSWITCH's own: both know a channel by its uuid, so nothing has to be guessed. A folder of files
 * that could not be posted holds some channels only; a log that holds all of them says what is missing there, too.
 */
export type SwitchLeg = {
  readonly legUuid: string
  /** The file, or the line, that it stands in. */
  readonly where: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number | undefined
  readonly billableSeconds: number | undefined
}

export type OurLeg = {
  readonly legUuid: string
  readonly startedAt: number
  readonly billableSeconds: number
  /** Written by the engine, because nothing had come from the switch. */
  readonly isEstimated: boolean
}

export const SWITCH_DIFFERENCES = [
  'missing-here',
  'missing-there',
  'doubled-here',
  'doubled-there',
  'duration',
  'estimated',
] as const
export type SwitchDifferenceKind = (typeof SWITCH_DIFFERENCES)[number]

export type SwitchDifference = {
  readonly kind: SwitchDifferenceKind
  readonly legUuid: string
  readonly where: string | undefined
  readonly startedAt: number | undefined
  readonly why: string
}

export type SwitchComparison = {
  readonly theirs: (leg: SwitchLeg) => void
  /** After all of theirs. */
  readonly ours: (leg: OurLeg) => void
  readonly end: () => { readonly matched: number; readonly differences: readonly SwitchDifference[] }
}

/** FreeSWITCH rounds a talk's seconds down, we round them up. */
const TOLERANCE_SECONDS = 1

/** `isComplete`: the log holds every channel of the time. `isWithin`: whether a moment is of the time that is compared. */
export const compareWithSwitch = (
  isComplete: boolean,
  isWithin: (at: number) => boolean,
): SwitchComparison => {
  const legs = new Map<string, SwitchLeg>()
  const found = new Set<string>()
  const differences: SwitchDifference[] = []
  const tell = (
    kind: SwitchDifferenceKind,
    leg: Pick<SwitchLeg, 'legUuid' | 'startedAt'>,
    where: string | undefined,
    why: string,
  ): void => {
    differences.push({ kind, legUuid: leg.legUuid, startedAt: leg.startedAt, where, why })
  }
  return {
    theirs: (leg) => {
      if (leg.startedAt !== undefined && !isWithin(leg.startedAt)) return
      const known = legs.get(leg.legUuid)
      if (known === undefined) legs.set(leg.legUuid, leg)
      else tell('doubled-there', leg, leg.where, `it stands in ${known.where}, too`)
    },
    ours: (leg) => {
      const other = legs.get(leg.legUuid)
      if (found.has(leg.legUuid)) {
        tell('doubled-here', leg, other?.where, 'we have it more than once')
        return
      }
      found.add(leg.legUuid)
      if (other === undefined) {
        if (isComplete) tell('missing-there', leg, undefined, 'the switch does not have it')
        return
      }
      if (leg.isEstimated)
        tell(
          'estimated',
          leg,
          other.where,
          'ours is an estimate, and the switch has its own: bring it in by `cdrs ingest`',
        )
      else if (
        other.billableSeconds !== undefined &&
        Math.abs(other.billableSeconds - leg.billableSeconds) > TOLERANCE_SECONDS
      )
        tell(
          'duration',
          leg,
          other.where,
          `the switch has ${other.billableSeconds} s, we have ${leg.billableSeconds} s`,
        )
    },
    end: () => {
      let matched = 0
      for (const leg of legs.values())
        if (found.has(leg.legUuid)) matched += 1
        else tell('missing-here', leg, leg.where, 'we do not have it: bring it in by `cdrs ingest`')
      return { matched, differences }
    },
  }
}
