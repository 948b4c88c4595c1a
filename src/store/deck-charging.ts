/** What a deck says of all its rates, as columns of its row. */
import { readRounding, type Charging } from '../telephony/tariff.ts'
import { badInput, whole } from './input.ts'
import type { Columns } from './row-writes.ts'

export const DECK_CHARGING = 'grace_seconds AS "graceSeconds", free_seconds AS "freeSeconds", rounding'

export type DeckChargingRow = {
  readonly graceSeconds: number
  readonly freeSeconds: number
  readonly rounding: string | null
}

/** Undefined: it says nothing. */
export const chargingIn = ({
  graceSeconds,
  freeSeconds,
  rounding: text,
}: DeckChargingRow): Charging | undefined => {
  const rounding = readRounding(text ?? '')
  if (graceSeconds === 0 && freeSeconds === 0 && rounding === undefined) return undefined
  return {
    ...(graceSeconds > 0 && { graceSeconds }),
    ...(freeSeconds > 0 && { freeSeconds }),
    ...(rounding !== undefined && { rounding }),
  }
}

/** A stored deck as the index takes it: without the columns, with what they say. */
export const withCharging = <Row extends DeckChargingRow>({
  graceSeconds,
  freeSeconds,
  rounding,
  ...row
}: Row): Omit<Row, keyof DeckChargingRow> & { readonly charging?: Charging } => {
  const charging = chargingIn({ graceSeconds, freeSeconds, rounding })
  return charging === undefined ? row : { ...row, charging }
}

/** As it is handed in: undefined says nothing, null takes the rounding away. */
export type GivenCharging = {
  readonly graceSeconds?: number | undefined
  readonly freeSeconds?: number | undefined
  /** `half-up/4`, `up/2` */
  readonly rounding?: string | null | undefined
}

/** Throws STORE_BAD_INPUT. What is not given is undefined. */
export const chargingColumns = ({ graceSeconds, freeSeconds, rounding }: GivenCharging): Columns => ({
  grace_seconds: graceSeconds === undefined ? undefined : whole('graceSeconds', graceSeconds, 0, 86_400),
  free_seconds: freeSeconds === undefined ? undefined : whole('freeSeconds', freeSeconds, 0, 86_400),
  rounding: typeof rounding === 'string' ? roundingText(rounding) : rounding,
})

const roundingText = (text: string): string => {
  if (readRounding(text) !== undefined) return text
  throw badInput('rounding', 'it takes half-up/4 or up/2: how, and to how many decimals from 0 to 8')
}
