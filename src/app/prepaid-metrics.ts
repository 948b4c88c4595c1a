/** What Prometheus reads of calls that are paid for in advance. */
import { MONEY_DECIMALS } from '../telephony/money.ts'
import type { PrepaidFigures } from './prepaid.ts'

export const addPrepaidMetrics = (
  gauge: (name: string, help: string, read: () => number) => void,
  read: () => PrepaidFigures,
): void => {
  gauge('strowger_prepaid_calls', 'answered calls that a balance pays for', () => read().calls)
  gauge(
    'strowger_prepaid_reserved',
    'money that calls have reserved of balances at this engine, all currencies together',
    () => read().reserved / 10 ** MONEY_DECIMALS,
  )
  gauge(
    'strowger_prepaid_refused_calls',
    'dialled calls for which a balance had too little, since the start',
    () => read().refused,
  )
  gauge(
    'strowger_prepaid_ended_calls',
    'calls that were ended because their balance was used up, since the start',
    () => read().ended,
  )
}
