/** Everything that is written in the transaction of a CDR, in the order in which it is written. */
import { bookCharges, chargeBalances, chargeIn, type Charge } from '../store/balance-charges.ts'
import type { CdrCompanion } from '../store/cdr-companion.ts'
import type { RerateCompanion, ReratedCdr } from '../store/rerate-companion.ts'
import { markForReports, reportMarks } from '../store/report-marks.ts'
import { targetDeliveries } from '../store/target-deliveries.ts'
import { ZERO } from '../telephony/money.ts'

export const createCdrCompanions = (): readonly CdrCompanion[] => [
  reportMarks,
  chargeBalances,
  targetDeliveries,
]

/** Everything that is written in the transaction in which a record is rated again. */
export const createRerateCompanions = (): readonly RerateCompanion[] => [
  (on, rerated) =>
    markForReports(
      on,
      rerated.map(({ after }) => after),
    ),
  (on, rerated) => bookCharges(on, rerated.flatMap(chargeAgain)),
]

/** What is booked is the difference to what was. A leg that brings nothing any more owes nothing. */
const chargeAgain = ({ before, after }: ReratedCdr): readonly Charge[] => {
  const charge = chargeIn(after)
  if (charge !== undefined) return [charge]
  const stood = chargeIn(before)
  return stood === undefined ? [] : [{ ...stood, owed: ZERO }]
}
