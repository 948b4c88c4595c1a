/** A kind of record: what carriers charge. */
import { momentText } from './context.ts'
import { carrier, cell, name, type RecordKind } from './record-fields.ts'

const moment = momentText(() => Date.now())

export const rateDecks: RecordKind = {
  path: 'rate-decks',
  key: 'rateDeck',
  word: 'rate deck',
  describe: 'what carriers charge',
  fields: [
    carrier,
    name,
    { key: 'currency', takes: 'code', describe: 'of its prices, such as GBP', needed: true, stays: true },
    {
      key: 'effectiveFrom',
      option: 'from',
      takes: 'when',
      describe: 'counts from then (now)',
      parse: moment,
    },
    {
      key: 'effectiveTo',
      option: 'to',
      takes: 'when',
      describe: 'counts until before then',
      parse: moment,
      canBeEmpty: true,
    },
  ],
  rates: true,
  columns: [
    ['CARRIER', cell('carrierId')],
    ['NAME', cell('name')],
    ['CURRENCY', cell('currency')],
    ['RATES', cell('rateCount')],
    ['FROM', cell('effectiveFrom')],
    ['UNTIL', cell('effectiveTo')],
  ],
  examples: [
    'rate-decks add --carrier 1 --name "Alpha 2026" --currency GBP --file rates.json',
    'rate-decks set 1 --to 2027-01-01',
  ],
}
