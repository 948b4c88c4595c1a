/** Kinds of record: which number is shown to whom. */
import { carrier, cell, commas, organization, type RecordKind } from './record-fields.ts'
import { textsOf } from './json.ts'

export const callerIdRules: RecordKind = {
  path: 'caller-id-rules',
  key: 'callerIdRule',
  word: 'caller ID rule',
  describe: 'which number is shown to which destinations',
  fields: [
    organization,
    {
      key: 'kind',
      takes: 'kind',
      describe:
        "override: before the user's numbers; default: after them; local-presence: a number from there",
      choices: ['override', 'default', 'local-presence'],
      needed: true,
    },
    { key: 'country', takes: 'code', describe: 'the country that is called, such as US', canBeEmpty: true },
    {
      key: 'prefix',
      takes: 'digits',
      describe: 'or leading digits of the number that is called',
      canBeEmpty: true,
    },
    {
      key: 'numbers',
      takes: 'numbers',
      describe: 'what is shown, in E.164 form; several, with commas between, take turns',
      parse: commas,
      needed: true,
    },
    { key: 'replacesRequested', describe: 'local presence beats a number that was asked for (no)' },
  ],
  columns: [
    ['ORGANISATION', cell('organizationId')],
    ['KIND', cell('kind')],
    ['COUNTRY', cell('country')],
    ['PREFIX', cell('prefix')],
    ['NUMBERS', (row) => textsOf(row, 'numbers').join(', ')],
  ],
  examples: [
    'caller-id-rules add --organization 1 --kind local-presence --country US --numbers +12125550100,+12125550101',
    'caller-id-rules add --organization 1 --kind override --prefix 4420 --numbers +442079460100',
    'caller-id-rules set 1 --disable',
  ],
}

export const carrierCallerIds: RecordKind = {
  path: 'carrier-caller-ids',
  key: 'carrierCallerId',
  word: 'carrier caller ID',
  describe: 'numbers that are not ours and that a carrier takes from an organisation',
  fields: [
    carrier,
    organization,
    { key: 'number', takes: 'number', describe: 'what is shown, in E.164 form', needed: true },
    { key: 'verified', describe: 'the carrier was seen to take it (no)' },
  ],
  columns: [
    ['CARRIER', cell('carrierId')],
    ['ORGANISATION', cell('organizationId')],
    ['NUMBER', cell('number')],
    ['VERIFIED', cell('verified')],
  ],
  examples: [
    'carrier-caller-ids add --carrier 2 --organization 1 --number +33142685300 --verified',
    'carrier-caller-ids list --organization 1',
  ],
}
