/**
 * The tones by which a telephone network tells its callers what happens, per country: what callers know from home, and
 * what a trunk that answers with tones plays. Frequencies and cadences after ITU-T E.180/Q.35 and its Supplement 2
 * (tones used in national networks); tones that are modulated there are given by their carrier. A country that
 * has no row gets EUROPE, which CEPT recommended and most of the world took over. To add one, add its row.
 */
import type { Country } from './e164.ts'

export type Tone = {
  /** Sounded together. */
  readonly hz: readonly number[]
  /** Milliseconds on, off, on, off ...; repeated. No end: one that sounds without a pause. */
  readonly cadence: readonly number[]
}

export const TONE_KINDS = ['dial', 'ringback', 'busy', 'congestion'] as const
export type ToneKind = (typeof TONE_KINDS)[number]
export type NationalTones = Readonly<Record<ToneKind, Tone>>

export const tonesOf = (country: Country | undefined): NationalTones =>
  (country === undefined ? undefined : NATIONAL[country]) ?? EUROPE

/** As `ringback`, `transfer_ringback` and `playback tone_stream://` take it. */
export const ringbackOf = (country: Country | undefined): string => toneStream(tonesOf(country).ringback)

/**
 * FreeSWITCH's notation, `%(on,off,hz,hz)` for each burst (libteletone, teletone_run). A tone without a pause is given
 * a second at a time: the player repeats it.
 */
export const toneStream = ({ hz, cadence }: Tone): string => {
  const bursts = cadence.length === 0 ? [[1_000, 0]] : pairsOf(cadence)
  return bursts.map(([on, off]) => `%(${on},${off},${hz.join(',')})`).join(';')
}

const pairsOf = (cadence: readonly number[]): readonly (readonly [on: number, off: number])[] =>
  cadence.flatMap((on, index) => (index % 2 === 0 ? [[on, cadence[index + 1] ?? 0] as const] : []))

/** The three notes before an announcement (E.180, 7.2.6): the number is not in service, or no circuit is free. */
export const SPECIAL_INFORMATION: readonly Tone[] = [950, 1_400, 1_800].map((hz) => ({
  hz: [hz],
  cadence: [330, 30],
}))

/** As played before an announcement. */
export const SPECIAL_INFORMATION_STREAM = '%(330,15,950);%(330,15,1400);%(330,1000,1800)'

const tone = (hz: number | readonly number[], ...cadence: readonly number[]): Tone => ({
  hz: typeof hz === 'number' ? [hz] : hz,
  cadence,
})

/** A country that sounds all of them on one frequency, as most do. */
const onOne = (
  hz: number,
  cadences: {
    readonly ringback: readonly number[]
    readonly busy: readonly number[]
    readonly congestion: readonly number[]
    readonly dial?: readonly number[]
  },
): NationalTones => ({
  dial: tone(hz, ...(cadences.dial ?? [])),
  ringback: tone(hz, ...cadences.ringback),
  busy: tone(hz, ...cadences.busy),
  congestion: tone(hz, ...cadences.congestion),
})

const DOUBLE_RING = [400, 200, 400, 2_000]

const EUROPE = onOne(425, { ringback: [1_000, 4_000], busy: [500, 500], congestion: [250, 250] })
const fast = (congestion: number): NationalTones =>
  onOne(425, { ringback: [1_000, 4_000], busy: [500, 500], congestion: [congestion, congestion] })

const NORTH_AMERICA: NationalTones = {
  dial: tone([350, 440]),
  ringback: tone([440, 480], 2_000, 4_000),
  busy: tone([480, 620], 500, 500),
  congestion: tone([480, 620], 250, 250),
}

const NATIONAL: Readonly<Partial<Record<Country, NationalTones>>> = {
  GB: {
    dial: tone([350, 440]),
    ringback: tone([400, 450], ...DOUBLE_RING),
    busy: tone(400, 375, 375),
    congestion: tone(400, 400, 350, 225, 525),
  },
  IE: {
    dial: tone(425),
    ringback: tone([400, 450], ...DOUBLE_RING),
    busy: tone(425, 500, 500),
    congestion: tone(425, 250, 250),
  },
  US: NORTH_AMERICA,
  CA: NORTH_AMERICA,
  PR: NORTH_AMERICA,
  DE: onOne(425, { ringback: [1_000, 4_000], busy: [480, 480], congestion: [240, 240] }),
  FR: onOne(440, { ringback: [1_500, 3_500], busy: [500, 500], congestion: [250, 250] }),
  ES: onOne(425, {
    ringback: [1_500, 3_000],
    busy: [200, 200],
    congestion: [200, 200, 200, 200, 200, 600],
  }),
  IT: onOne(425, {
    dial: [200, 200, 600, 1_000],
    ringback: [1_000, 4_000],
    busy: [500, 500],
    congestion: [200, 200],
  }),
  NL: EUROPE,
  BE: onOne(425, { ringback: [1_000, 3_000], busy: [500, 500], congestion: [167, 167] }),
  LU: onOne(425, { ringback: [1_000, 4_000], busy: [480, 480], congestion: [240, 240] }),
  AT: onOne(420, { ringback: [1_000, 5_000], busy: [400, 400], congestion: [200, 200] }),
  CH: fast(200),
  NO: fast(200),
  DK: fast(200),
  SE: onOne(425, { ringback: [1_000, 5_000], busy: [250, 250], congestion: [250, 750] }),
  FI: onOne(425, { ringback: [1_000, 4_000], busy: [300, 300], congestion: [200, 200] }),
  PT: onOne(425, { ringback: [1_000, 5_000], busy: [500, 500], congestion: [200, 200] }),
  PL: fast(500),
  CZ: onOne(425, {
    dial: [330, 330, 660, 660],
    ringback: [1_000, 4_000],
    busy: [330, 330],
    congestion: [165, 165],
  }),
  HU: onOne(425, { ringback: [1_250, 3_750], busy: [300, 300], congestion: [300, 300] }),
  GR: onOne(425, {
    dial: [200, 300, 700, 800],
    ringback: [1_000, 4_000],
    busy: [300, 300],
    congestion: [200, 200],
  }),
  RU: onOne(425, { ringback: [1_000, 4_000], busy: [350, 350], congestion: [175, 175] }),
  TR: onOne(450, {
    ringback: [2_000, 4_000],
    busy: [500, 500],
    congestion: [200, 200, 200, 200, 200, 200, 600, 200],
  }),
  IL: onOne(414, { ringback: [1_000, 3_000], busy: [500, 500], congestion: [250, 250] }),
  AU: {
    dial: tone([413, 438]),
    ringback: tone([413, 438], ...DOUBLE_RING),
    busy: tone(425, 375, 375),
    congestion: tone(425, 375, 375),
  },
  NZ: {
    dial: tone(400),
    ringback: tone([400, 450], ...DOUBLE_RING),
    busy: tone(400, 500, 500),
    congestion: tone(400, 250, 250),
  },
  JP: onOne(400, { ringback: [1_000, 2_000], busy: [500, 500], congestion: [500, 500] }),
  CN: onOne(450, { ringback: [1_000, 4_000], busy: [350, 350], congestion: [700, 700] }),
  HK: {
    dial: tone([350, 440]),
    ringback: tone([440, 480], 400, 200, 400, 3_000),
    busy: tone([480, 620], 500, 500),
    congestion: tone([480, 620], 250, 250),
  },
  SG: onOne(425, { ringback: DOUBLE_RING, busy: [750, 750], congestion: [250, 250] }),
  IN: onOne(400, { ringback: DOUBLE_RING, busy: [750, 750], congestion: [250, 250] }),
  ZA: onOne(400, { ringback: DOUBLE_RING, busy: [500, 500], congestion: [250, 250] }),
  BR: onOne(425, { ringback: [1_000, 4_000], busy: [250, 250], congestion: [250, 250, 750, 250] }),
  MX: onOne(425, { ringback: [1_000, 4_000], busy: [250, 250], congestion: [250, 250] }),
  AR: onOne(425, { ringback: [1_000, 4_000], busy: [300, 200], congestion: [300, 400] }),
}

/** Those that have a row of their own. */
export const COUNTRIES_WITH_TONES = Object.keys(NATIONAL) as readonly Country[]
