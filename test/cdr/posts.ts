/** Posts of FreeSWITCH 1.10.12, recorded and trimmed to what a CDR is built from, and the variables that we set. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  attemptResultVariable,
  ATTEMPT_VARIABLE,
  CALL_VARIABLE,
  encodeCarried,
  type CarriedAttempt,
  type CarriedCall,
  type CarriedDevice,
} from '../../src/call/carried.ts'
import { readPost } from '../../src/cdr/post.ts'
import { asCallUuid, type CallUuid } from '../../src/telephony/call-uuid.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { parseMoney } from '../../src/telephony/money.ts'

export type RawPost = { variables: Record<string, string>; callflow: { times: Record<string, string> }[] }

export const sample = (name: 'a-leg' | 'b-leg-answered' | 'b-leg-failed-503'): RawPost =>
  readPost(readFileSync(join(import.meta.dirname, 'samples', `${name}.json`))) as RawPost

export const A = asCallUuid('855f56d0-2fe0-4798-be8c-125f70d9f8d1')
export const B_FAILED = asCallUuid('72494de4-9770-4b80-a4bc-054a4ea2e091')
export const B_ANSWERED = asCallUuid('7787c6a6-c27a-4893-a78f-d580b3d248f7')
export const B_THIRD = asCallUuid('11111111-2222-4333-8444-555555555555')

export const attempt = (n: number, legUuid: CallUuid): CarriedAttempt => ({
  n,
  callId: A,
  legUuid,
  organizationId: 7,
  userId: 3,
  gatewayId: 10 + n,
  gatewayName: `London ${n}`,
  carrierId: 20 + n,
  carrierName: `Carrier ${n}`,
  number: '442079460123',
  rate: {
    deckId: 5,
    prefix: '4420',
    tariff: {
      pricePerMinute: parseMoney('0.012'),
      connectionFee: parseMoney('0.001'),
      firstIncrementSeconds: 1,
      nextIncrementSeconds: 1,
      currency: 'GBP',
    },
  },
})

export const device: CarriedDevice = {
  callId: A,
  legUuid: B_ANSWERED,
  organizationId: 7,
  userId: 4,
  deviceId: 9,
  username: '1002',
}

export const call: CarriedCall = {
  callId: A,
  organizationId: 7,
  direction: 'outbound',
  userId: 3,
  dialled: '02079460123',
  destination: asE164('+442079460123'),
  callerNumber: '+442079460999',
  lcrProfileId: 2,
  attempts: [attempt(1, B_FAILED), attempt(2, B_ANSWERED), attempt(3, B_THIRD)],
  devices: [],
}

/** The post with other variables; undefined unsets one. */
export const changed = (post: RawPost, variables: Readonly<Record<string, string | undefined>>): RawPost => {
  const copy = structuredClone(post)
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) Reflect.deleteProperty(copy.variables, name)
    else copy.variables[name] = value
  }
  return copy
}

/** The recorded A leg as our dialplan would have left it: 503 at the first carrier, answered at the second. */
export const aLeg = (
  variables: Readonly<Record<string, string | undefined>> = {},
  plan: CarriedCall = call,
): RawPost =>
  changed(sample('a-leg'), {
    [CALL_VARIABLE]: encodeCarried(plan),
    [attemptResultVariable(1)]: 'NORMAL_CIRCUIT_CONGESTION/503/NORMAL_CIRCUIT_CONGESTION',
    ...variables,
  })

export const bLeg = (
  name: 'b-leg-answered' | 'b-leg-failed-503',
  carried: CarriedAttempt | CarriedDevice,
  variables: Readonly<Record<string, string | undefined>> = {},
): RawPost => changed(sample(name), { [ATTEMPT_VARIABLE]: encodeCarried(carried), ...variables })

/** As mod_json_cdr writes it with encode-values: switch_url_encode, one buffer of three times the length. */
export const encoded = (post: RawPost): RawPost => {
  const copy = structuredClone(post)
  for (const [name, value] of Object.entries(copy.variables)) copy.variables[name] = urlEncode(value)
  return copy
}

const urlEncode = (value: string): string => {
  const bytes = Buffer.from(value, 'utf8').toString('latin1')
  return bytes.replace(
    /%(?![0-9A-F]{2})|[^!$'()*,\-./0-9A-Z_a-z~%]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
