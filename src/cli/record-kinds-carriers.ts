/** Kinds of record: whom we buy from. */
import { InvalidArgumentError } from 'commander'
import { isHangupCause } from '../telephony/hangup-cause.ts'
import { wholeNumber } from './context.ts'
import { childOf, textOf, textsOf } from './json.ts'
import {
  carrier,
  cell,
  commas,
  limitCell,
  maxCallsPerSecond,
  maxChannels,
  name,
  owner,
  ownerCell,
  type Field,
  type RecordKind,
} from './record-fields.ts'

export const carriers: RecordKind = {
  path: 'carriers',
  key: 'carrier',
  word: 'carrier',
  describe: 'the companies that carry our calls',
  fields: [
    name,
    { key: 'code', takes: 'code', describe: 'a short code in letters, digits, _ . and -', needed: true },
    owner,
    { ...maxChannels, describe: 'calls at once over all of its gateways' },
    { ...maxCallsPerSecond, describe: 'new calls in a second over all of its gateways' },
    { key: 'carriesCallerId', describe: 'it shows the caller ID that we send (yes)' },
    { key: 'supportsFax', describe: 'faxes pass (yes)' },
    {
      key: 'callerIdPolicy',
      takes: 'policy',
      describe: 'which caller IDs it takes: any, owned (ours and its list) or listed (its list alone)',
      choices: ['any', 'owned', 'listed'],
    },
    {
      key: 'attemptFee.amount',
      option: 'attempt-fee',
      takes: 'amount',
      describe:
        'what it charges for each attempt that reaches it, answered or not (with --attempt-fee-currency)',
    },
    {
      key: 'attemptFee.currency',
      option: 'attempt-fee-currency',
      takes: 'code',
      describe: 'its currency, such as USD',
    },
    {
      key: 'failover.enabled',
      option: 'failover',
      describe: 'leave its gateways alone for a while after failures (yes)',
    },
    {
      key: 'failover.threshold',
      option: 'failover-threshold',
      takes: 'count',
      describe: "failures in a row until then (the engine's FAILOVER_THRESHOLD)",
      parse: wholeNumber(1, 1_000),
      canBeEmpty: true,
    },
    {
      key: 'failover.windowSeconds',
      option: 'failover-window',
      takes: 'seconds',
      describe: "within which they come (the engine's FAILOVER_WINDOW)",
      parse: wholeNumber(1, 86_400),
      canBeEmpty: true,
    },
  ],
  columns: [
    ['CODE', cell('code')],
    ['NAME', cell('name')],
    ['ORGANISATION', ownerCell],
    ['CALLS', limitCell('maxChannels')],
    ['CPS', limitCell('maxCallsPerSecond')],
  ],
  examples: [
    'carriers add --code alpha --name "Alpha Carrier"',
    'carriers add --code beta --name "Beta Carrier" --max-channels 200 --max-cps 20 --no-carries-caller-id',
    'carriers set 1 --failover-threshold 3 --failover-window 60',
    'carriers set 1 --no-failover',
    'carriers set 1 --attempt-fee 0.0005 --attempt-fee-currency USD',
    'carriers set 1 --max-cps none',
    'carriers set 1 --disable',
  ],
}

/** How it wants the called number, in the order of the steps. */
const numberForm: readonly Field[] = [
  {
    key: 'numberForm.format',
    option: 'number-format',
    takes: 'format',
    describe: '+442079460123, 442079460123, or as dialled in a country (plus)',
    choices: ['plus', 'digits', 'national'],
  },
  {
    key: 'numberForm.country',
    option: 'number-country',
    takes: 'code',
    describe: 'whose national numbers, such as GB',
    canBeEmpty: true,
  },
  {
    key: 'numberForm.strip',
    option: 'number-strip',
    takes: 'count',
    describe: 'leading digits to take off (0)',
    parse: wholeNumber(0, 15),
  },
  {
    key: 'numberForm.pattern',
    option: 'number-pattern',
    takes: 'regex',
    describe: 'what to replace in what is left',
    canBeEmpty: true,
  },
  {
    key: 'numberForm.replacement',
    option: 'number-replacement',
    takes: 'digits',
    describe: 'what stands for the match, $1 for its first group; "" takes it out',
  },
  {
    key: 'numberForm.prefix',
    option: 'number-prefix',
    takes: 'digits',
    describe: 'digits to put before the number',
    canBeEmpty: true,
  },
  {
    key: 'numberForm.techPrefix',
    option: 'tech-prefix',
    takes: 'digits',
    describe: 'digits to put before all else, for the account',
    canBeEmpty: true,
  },
]

/** How it wants to be told who calls. */
const identity: readonly Field[] = [
  {
    key: 'identityHeader',
    takes: 'header',
    describe: 'P-Asserted-Identity, Remote-Party-ID, or neither (pai)',
    choices: ['pai', 'rpid', 'none'],
  },
  { key: 'trustsIdentity', describe: 'it may know a number that is withheld (no)' },
  {
    key: 'callerIdFormat',
    takes: 'format',
    describe: 'the number that calls: +442079460123, 442079460123, or national (plus)',
    choices: ['plus', 'digits', 'national'],
  },
  {
    key: 'callerIdCountry',
    takes: 'code',
    describe: 'whose national numbers, such as GB',
    canBeEmpty: true,
  },
  { key: 'signsIdentity', describe: 'calls over it carry a signed Identity (no)' },
]

const rules = (text: string): readonly (string | number)[] =>
  commas(text).map((rule) => {
    if (/^[3-6]\d\d$/.test(rule)) return Number(rule)
    if (isHangupCause(rule)) return rule
    throw new InvalidArgumentError(
      'It takes hangup causes such as USER_BUSY and SIP statuses from 300 to 699.',
    )
  })

/** What its failures mean. */
const failover: readonly Field[] = [
  {
    key: 'failover.next',
    option: 'failover-next',
    takes: 'rules',
    describe: 'after these hangup causes or SIP statuses, with commas, try the next gateway',
    parse: rules,
    canBeEmpty: true,
  },
  {
    key: 'failover.stop',
    option: 'failover-stop',
    takes: 'rules',
    describe: 'after these try no other gateway',
    parse: rules,
    canBeEmpty: true,
  },
  {
    key: 'failover.believes',
    option: 'believes',
    takes: 'which',
    describe: 'what counts where a refusal has both: its SIP status or its Reason header (status)',
    choices: ['status', 'reason'],
  },
]

export const gateways: RecordKind = {
  path: 'gateways',
  key: 'gateway',
  word: 'gateway',
  describe: "carriers' trunks",
  fields: [
    carrier,
    name,
    {
      key: 'hostname',
      takes: 'host',
      describe: "host name or address of the carrier's SIP edge",
      needed: true,
    },
    { key: 'port', takes: 'port', describe: 'its port (5060)', parse: wholeNumber(1, 65_535) },
    {
      key: 'transport',
      takes: 'transport',
      describe: 'how SIP is sent (udp)',
      choices: ['udp', 'tcp', 'tls'],
    },
    { key: 'register', describe: 'register at the carrier' },
    { key: 'codecs', takes: 'names', describe: 'in order of preference, with commas', parse: commas },
    maxChannels,
    maxCallsPerSecond,
    ...numberForm,
    ...identity,
    ...failover,
    {
      key: 'progressTimeoutSeconds',
      option: 'progress-timeout',
      takes: 'seconds',
      describe: "silence after which the next attempt begins (the engine's)",
      parse: wholeNumber(1, 60),
      canBeEmpty: true,
    },
    {
      key: 'ringTimeoutSeconds',
      option: 'ring-timeout',
      takes: 'seconds',
      describe: "ringing after which it is given up (the engine's)",
      parse: wholeNumber(5, 600),
      canBeEmpty: true,
    },
    {
      key: 'pingSeconds',
      option: 'ping',
      takes: 'seconds',
      describe: 'seconds between OPTIONS',
      parse: wholeNumber(5, 86_400),
      canBeEmpty: true,
    },
    {
      key: 'inboundCidrs',
      option: 'inbound',
      takes: 'ranges',
      describe: 'addresses from which it may call us, in CIDR form with commas',
      parse: commas,
    },
    { key: 'carriesEmergency', option: 'emergency', describe: 'emergency calls may leave through it' },
    {
      key: 'answersWithTones',
      option: 'answers-with-tones',
      describe: 'it answers calls that are busy or fail, and plays the tone',
    },
  ],
  credentials: 'object',
  columns: [
    ['NAME', cell('name')],
    ['CARRIER', cell('carrierId')],
    ['ADDRESS', (row) => `${textOf(row, 'transport')}:${textOf(row, 'hostname')}:${textOf(row, 'port')}`],
    ['USER', (row) => textOf(childOf(row, 'credentials') ?? {}, 'username')],
    ['CALLS', limitCell('maxChannels')],
    ['CPS', limitCell('maxCallsPerSecond')],
    ['CODECS', (row) => textsOf(row, 'codecs').join(',')],
  ],
  examples: [
    'gateways add --carrier 1 --name alpha-1 --hostname sip.alpha.example',
    'gateways add --carrier 1 --name alpha-2 --hostname sip2.alpha.example --username us --password-stdin --register',
    'gateways add --carrier 1 --name alpha-3 --hostname sip3.alpha.example --number-format digits --tech-prefix 7711#',
    'gateways set 2 --max-channels 30 --max-cps 10',
    'gateways set 2 --number-format national --number-country GB',
    "gateways set 2 --number-pattern '^44' --number-replacement 0044",
    'gateways set 2 --number-format plus --tech-prefix "" --number-pattern none',
    'gateways set 2 --failover-next 403,USER_BUSY --failover-stop 404,480',
    'gateways set 2 --failover-next none --believes reason --progress-timeout 8',
    'gateways set 2 --disable',
  ],
}
