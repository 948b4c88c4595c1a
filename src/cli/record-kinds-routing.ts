/** Kinds of record: which way calls go, and which do not. */
import { STRATEGIES } from '../directory/records.ts'
import { recordId, wholeNumber } from './context.ts'
import { textOf, textsOf } from './json.ts'
import {
  cell,
  limitCell,
  maxChannels,
  name,
  owner,
  ownerCell,
  percent,
  type RecordKind,
} from './record-fields.ts'

const money = "as a decimal in the carrier's currency"

export const lcrProfiles: RecordKind = {
  path: 'lcr-profiles',
  key: 'lcrProfile',
  word: 'LCR profile',
  describe: 'how an organisation chooses between carriers',
  fields: [
    name,
    {
      key: 'strategy',
      takes: 'strategy',
      describe: 'what decides first (LOWEST_COST)',
      choices: STRATEGIES,
    },
    owner,
    {
      key: 'timeZone',
      takes: 'zone',
      describe: "an IANA name; its routes' times are in it (UTC)",
    },
    {
      key: 'costWeight',
      takes: 'count',
      describe: 'BALANCED: what cost counts for, 0 to 100 (50)',
      parse: wholeNumber(0, 100),
    },
    {
      key: 'qualityWeight',
      takes: 'count',
      describe: 'BALANCED: what quality counts for, 0 to 100 (50)',
      parse: wholeNumber(0, 100),
    },
    {
      key: 'maxPricePerMinute',
      option: 'max-price',
      takes: 'price',
      describe: `what a minute may cost at the most, ${money}`,
      canBeEmpty: true,
    },
    { key: 'protectsMargin', describe: 'leave out routes on which we would lose money' },
    { key: 'requiresCallerId', describe: 'leave out carriers that show another caller ID' },
  ],
  columns: [
    ['NAME', cell('name')],
    ['STRATEGY', cell('strategy')],
    ['ORGANISATION', ownerCell],
    ['TIME ZONE', cell('timeZone')],
    ['MAX PRICE', limitCell('maxPricePerMinute')],
  ],
  examples: [
    'lcr-profiles add --name "Cheapest first"',
    'lcr-profiles add --name Balanced --strategy BALANCED --cost-weight 70 --quality-weight 30',
    'lcr-profiles add --name "By shares" --strategy WEIGHTED --time-zone Europe/London',
    'lcr-profiles set 1 --max-price 0.25 --protects-margin --requires-caller-id',
    'lcr-profiles set 1 --max-price none --no-protects-margin',
  ],
}

export const lcrRoutes: RecordKind = {
  path: 'lcr-routes',
  key: 'lcrRoute',
  word: 'LCR route',
  describe: 'which prefixes may leave through which gateway',
  fields: [
    {
      key: 'profileId',
      option: 'profile',
      takes: 'id',
      describe: 'its LCR profile',
      parse: recordId,
      needed: true,
    },
    {
      key: 'gatewayId',
      option: 'gateway',
      takes: 'id',
      describe: 'its gateway',
      parse: recordId,
      needed: true,
    },
    {
      key: 'prefix',
      takes: 'digits',
      describe: 'leading digits without plus; "" for every number',
      needed: true,
    },
    {
      key: 'priority',
      takes: 'count',
      describe: 'lower is earlier (0)',
      parse: wholeNumber(0, 1_000_000),
    },
    {
      key: 'priceOverride',
      takes: 'price',
      describe: `a price per minute instead of the rate deck's, ${money}`,
      canBeEmpty: true,
    },
    {
      key: 'weight',
      takes: 'count',
      describe: 'WEIGHTED: its share against the others; 0: only when all of them failed (1)',
      parse: wholeNumber(0, 1_000),
    },
    maxChannels,
    {
      key: 'maxCallDurationSeconds',
      option: 'max-duration',
      takes: 'seconds',
      describe: 'a call lasts at the most',
      parse: wholeNumber(1, 86_400),
      canBeEmpty: true,
    },
    {
      key: 'timeRestrictions',
      option: 'times',
      takes: 'window',
      describe: 'when it counts, such as "Mon-Fri 08:00-18:00", again for each window (always)',
      canBeEmpty: true,
      repeats: true,
    },
    {
      key: 'asrPercent',
      option: 'asr',
      takes: 'percent',
      describe: 'answered of a hundred calls, as the carrier promises',
      parse: percent,
      canBeEmpty: true,
    },
    {
      key: 'acdSeconds',
      option: 'acd',
      takes: 'seconds',
      describe: 'an answered call lasts, as it promises',
      parse: wholeNumber(1, 86_400),
      canBeEmpty: true,
    },
    {
      key: 'pddMs',
      option: 'pdd',
      takes: 'ms',
      describe: 'milliseconds until it rings, as it promises',
      parse: wholeNumber(0, 600_000),
      canBeEmpty: true,
    },
  ],
  columns: [
    ['PROFILE', cell('profileId')],
    ['GATEWAY', cell('gatewayId')],
    ['PREFIX', (row) => textOf(row, 'prefix') || 'any'],
    ['PRIORITY', cell('priority')],
    ['WEIGHT', cell('weight')],
    ['PRICE', cell('priceOverride')],
    ['TIMES', (row) => textsOf(row, 'timeRestrictions').join(', ')],
  ],
  examples: [
    'lcr-routes add --profile 1 --gateway 2 --prefix 44',
    'lcr-routes add --profile 1 --gateway 2 --prefix "" --priority 10',
    'lcr-routes add --profile 1 --gateway 3 --prefix 44 --weight 30 --asr 62.5 --acd 180 --pdd 1500',
    'lcr-routes set 2 --times "Mon-Fri 08:00-18:00" --times "Sat 09:00-13:00"',
    'lcr-routes set 2 --times none --max-channels 10 --max-duration 7200',
  ],
}

export const blockedPrefixes: RecordKind = {
  path: 'blocked-prefixes',
  key: 'blockedPrefix',
  word: 'blocked prefix',
  plural: 'es',
  describe: 'what must not be called; the longest prefix of a number speaks',
  fields: [
    { key: 'prefix', takes: 'digits', describe: '1 to 15 leading digits without plus', needed: true },
    {
      key: 'action',
      takes: 'action',
      describe: 'allow what lies within a blocked one (block)',
      choices: ['block', 'allow'],
    },
    { key: 'note', takes: 'text', describe: 'why, for people', canBeEmpty: true },
    owner,
  ],
  columns: [
    ['PREFIX', cell('prefix')],
    ['ACTION', cell('action')],
    ['ORGANISATION', ownerCell],
    ['NOTE', cell('note')],
  ],
  examples: [
    'blocked-prefixes add --prefix 883 --note "satellites and the like"',
    'blocked-prefixes add --prefix 883120 --action allow --organization 2',
    'blocked-prefixes set 1 --disable',
  ],
}
