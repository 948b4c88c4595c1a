/** What a carrier charges for each attempt, as columns of its row: both or neither. */
import type { Carrier } from '../directory/records.ts'
import { parseMoney } from '../telephony/money.ts'
import { currency, price } from './input.ts'
import type { Columns } from './row-writes.ts'

export const CARRIER_FEE = 'attempt_fee AS "attemptFeeAmount", attempt_fee_currency AS "attemptFeeCurrency"'

export type CarrierFeeRow = {
  readonly attemptFeeAmount: string | null
  readonly attemptFeeCurrency: string | null
}

export const carrierFeeIn = ({
  attemptFeeAmount,
  attemptFeeCurrency,
}: CarrierFeeRow): Pick<Carrier, 'attemptFee'> => ({
  attemptFee:
    attemptFeeAmount === null || attemptFeeCurrency === null
      ? undefined
      : { amount: parseMoney(attemptFeeAmount), currency: attemptFeeCurrency },
})

/** Undefined: it stays; null: none. */
export type CarrierFeeChanges = {
  readonly attemptFee?: { readonly amount: string; readonly currency: string } | null | undefined
}

export const carrierFeeColumns = ({ attemptFee }: CarrierFeeChanges): Columns =>
  attemptFee === undefined
    ? {}
    : {
        attempt_fee: attemptFee === null ? null : price('attemptFee.amount', attemptFee.amount),
        attempt_fee_currency:
          attemptFee === null ? null : currency('attemptFee.currency', attemptFee.currency),
      }
