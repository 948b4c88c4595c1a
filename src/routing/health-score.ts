/**
 * The health score of a gateway, 0 to 100. The figures are the reference's (outbound call flow, "Gateway Health
 * Monitoring"). What is not known takes nothing off. A new figure is one row in DEDUCTIONS.
 */
export type HealthFigures = {
  /** Of the last OPTIONS. */
  readonly responseMs: number | undefined
  /** Answer-seizure ratio, 0 to 100. */
  readonly asr: number | undefined
  /** Attempts that failed by the carrier's fault, 0 to 100. */
  readonly failureRate: number | undefined
  readonly channelsInUse: number
  readonly maxChannels: number | undefined
}

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy'

export type HealthScore = {
  readonly score: number
  readonly status: HealthStatus
  readonly deductions: readonly Deduction[]
}

export type Deduction = { readonly points: number; readonly why: string }

export const healthScoreOf = (figures: HealthFigures): HealthScore => {
  const deductions = DEDUCTIONS.flatMap(({ valueOf, steps }): Deduction[] => {
    const value = valueOf(figures)
    const step = value === undefined ? undefined : steps.find(({ applies }) => applies(value))
    return step === undefined ? [] : [{ points: step.points, why: step.why }]
  })
  const score = Math.max(
    0,
    deductions.reduce((rest, { points }) => rest - points, 100),
  )
  return { score, status: healthStatusOf(score), deductions }
}

export const healthStatusOf = (score: number): HealthStatus =>
  score >= 70 ? 'healthy' : score >= 40 ? 'degraded' : 'unhealthy'

type Step = Deduction & { readonly applies: (value: number) => boolean }

const above = (limit: number, points: number, why: string): Step => ({
  points,
  why,
  applies: (value) => value > limit,
})
const below = (limit: number, points: number, why: string): Step => ({
  points,
  why,
  applies: (value) => value < limit,
})

/** Of each figure the first step that applies counts. */
const DEDUCTIONS: readonly {
  readonly valueOf: (figures: HealthFigures) => number | undefined
  readonly steps: readonly Step[]
}[] = [
  {
    valueOf: ({ responseMs }) => responseMs,
    steps: [
      above(500, 20, 'OPTIONS are answered after more than 500 ms'),
      above(200, 10, 'OPTIONS are answered after more than 200 ms'),
    ],
  },
  {
    valueOf: ({ asr }) => asr,
    steps: [
      below(50, 30, 'fewer than 50 % of the calls are answered'),
      below(70, 15, 'fewer than 70 % of the calls are answered'),
    ],
  },
  {
    valueOf: ({ failureRate }) => failureRate,
    steps: [
      above(20, 25, 'the carrier fails more than 20 % of the calls'),
      above(10, 10, 'the carrier fails more than 10 % of the calls'),
    ],
  },
  {
    valueOf: ({ channelsInUse, maxChannels }) =>
      maxChannels === undefined || maxChannels <= 0 ? undefined : channelsInUse / maxChannels,
    steps: [
      above(0.95, 20, 'more than 95 % of the channels are in use'),
      above(0.85, 10, 'more than 85 % of the channels are in use'),
    ],
  },
]
