/** Plays one scenario on the real switch and holds it against what it expects. */
import assert from 'node:assert/strict'
import { USER_VARIABLE } from '../../src/call/carried.ts'
import { CARRIERS, DOMAIN, type Party, type PhoneName, type Scenario } from '../scenario/scenario.ts'
import { checkAttempts, checkLegs } from '../scenario/records.ts'
import { passwordOf, rearrange } from './house.ts'
import { until } from './net.ts'
import { finalStatuses, invitesOf, type SipMessage, type SippParty } from './sipp.ts'
import { callerXml, partyXml, type Caller } from './sipp-xml.ts'
import { STRANGER_ADDRESS, TRUNK_ADDRESS, type Stage } from './stage.ts'

/** Who is not in the scenario is not called; if he is, he says so by a status that nothing else has. */
const UNEXPECTED: Party = { outcome: { kind: 'refuse', status: 606, afterMs: 0 } }

export const play = async (stage: Stage, scenario: Scenario): Promise<void> => {
  const { ports, engine, recorder } = stage
  const before = new Set(recorder.created())
  const called = new Map<string, SippParty>()
  const invite = async (name: string, port: number, party: Party): Promise<void> => {
    called.set(name, await stage.sipp({ name: `${scenario.name}-${name}`, port, xml: partyXml(party) }))
  }
  await Promise.all([
    ...CARRIERS.map((name) => invite(name, ports.carrier[name], scenario.carriers?.[name] ?? UNEXPECTED)),
    invite('emergency', ports.emergency, scenario.emergency ?? UNEXPECTED),
    ...(Object.entries(scenario.phones ?? {}) as [PhoneName, Party][]).map(([name, party]) =>
      invite(name, ports.phone[name], party),
    ),
  ])
  const rearranging = {
    database: stage.database,
    house: stage.house,
    get: async (path: string) => JSON.stringify((await engine.api(path)).json),
  }
  await rearrange(scenario, 'begin', rearranging)
  await untilForgotten(stage, scenario)
  if (scenario.withoutEngine === true) await engine.kill()
  try {
    const caller = await startCaller(stage, scenario)
    const code = await caller.done
    const final = finalStatuses(caller.messages()).at(-1)
    assert.equal(final?.status, scenario.expect.status, `what the caller got (sipp ended with ${code})`)
    assert.equal(code, 0, 'the caller saw what it did not expect')
    checkReason(final)
    if (scenario.expect.passesReason !== true) checkNothingStale([caller, ...called.values()])
    checkTime(scenario, caller.messages(), final)
    checkInvited(scenario, called, stage.stale)
    await checkCancelled(scenario, called, stage.stale)
  } finally {
    if (scenario.withoutEngine === true) await engine.start()
    await rearrange(scenario, 'end', rearranging)
  }
  await checkRecords(stage, scenario, before)
}

/** FreeSWITCH keeps what the engine said of a user until it is told to forget it. */
const untilForgotten = async ({ recorder, house }: Stage, { disabled }: Scenario): Promise<void> => {
  if (disabled === undefined) return
  await until('FreeSWITCH forgot the user', async () => {
    const kept = await recorder.client.api('user_data', `${disabled}@${DOMAIN} var ${USER_VARIABLE}`)
    return kept.trim() !== String(house.userIds[disabled])
  })
}

const startCaller = (stage: Stage, { name, call }: Scenario): Promise<SippParty> => {
  const { hangupAfterMs, cancelAfterMs } = call
  const timing = {
    to: call.to,
    ...(hangupAfterMs === undefined ? {} : { hangupAfterMs }),
    ...(cancelAfterMs === undefined ? {} : { cancelAfterMs }),
  }
  const isPhone = call.from !== 'carrier A' && call.from !== 'a stranger'
  const caller: Caller = isPhone
    ? { ...timing, user: call.from, domain: DOMAIN, password: passwordOf(call.from) }
    : { ...timing, user: '+33142685300', domain: 'carrier.test' }
  return stage.sipp({
    name: `${name}-caller`,
    xml: callerXml(caller),
    remote: `127.0.0.1:${isPhone ? stage.ports.phones : stage.ports.trunks}`,
    address: isPhone ? '127.0.0.1' : call.from === 'carrier A' ? TRUNK_ADDRESS : STRANGER_ADDRESS,
  })
}

const Q850_OF: Readonly<Record<number, readonly string[]>> = {
  403: ['21'],
  404: ['1', '3'],
  480: ['18', '19', '20'],
  486: ['17'],
  487: ['487'],
  503: ['41', '34', '42', '38'],
  603: ['21'],
}

/** A Reason says the same as the status, or it is stale. */
const checkReason = (final: SipMessage | undefined): void => {
  const reason = final?.header('Reason')
  const cause = /^Q\.850;cause=(\d+)/.exec(reason ?? '')?.[1]
  if (final?.status === undefined || cause === undefined || final.status === 200) return
  assert.ok(Q850_OF[final.status]?.includes(cause), `${final.firstLine} came with Reason: ${reason ?? ''}`)
}

/** What one carrier said of its failure is for nobody else: not the caller, not the next carrier, not a BYE. */
const checkNothingStale = (parties: readonly SippParty[]): void => {
  for (const { received, header, firstLine } of parties.flatMap((party) => party.messages())) {
    const reason = received ? (header('Reason') ?? '') : ''
    assert.ok(!reason.includes('told by the carrier'), `${firstLine} came with Reason: ${reason}`)
  }
}

const checkTime = (
  { expect }: Scenario,
  messages: readonly SipMessage[],
  final: SipMessage | undefined,
): void => {
  const first = messages[0]
  if (expect.withinMs === undefined || first === undefined || final === undefined) return
  assert.ok(final.at - first.at <= expect.withinMs, `the answer took ${final.at - first.at} ms`)
}

const checkInvited = (
  { expect }: Scenario,
  called: ReadonlyMap<string, SippParty>,
  stale: ReadonlySet<string>,
): void => {
  const invited = [...called]
    .flatMap(([name, party]) => invitesOf(party.messages(), stale).map(({ at }) => ({ name, at })))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name)
  if (expect.atOnce === true) assert.deepEqual(invited.sort(), [...expect.invited].sort(), 'who was called')
  else assert.deepEqual(invited, expect.invited, 'who was called, in order')
}

/** A phone that still rings when another answered gets a CANCEL that says so: it shows no missed call. */
const checkCancelled = async (
  { phones, expect }: Scenario,
  called: ReadonlyMap<string, SippParty>,
  stale: ReadonlySet<string>,
): Promise<void> => {
  for (const { phone, cause } of expect.legs ?? []) {
    const cancels = (): readonly SipMessage[] =>
      (called.get(phone)?.messages() ?? []).filter(
        ({ received, method, header }) =>
          received && method === 'CANCEL' && !stale.has(header('Call-ID') ?? ''),
      )
    // What never said 100 cannot be cancelled.
    const isRinging = phones?.[phone]?.outcome.kind === 'ring-forever'
    // The caller may have his answer first.
    if (isRinging) await until(`a CANCEL at ${phone}`, () => cancels().length > 0)
    assert.equal(cancels().length, isRinging ? 1 : 0, `CANCELs at ${phone}`)
    if (isRinging && cause === 'LOSE_RACE')
      assert.match(cancels()[0]?.header('Reason') ?? '', /cause=200;text="Call completed elsewhere"/)
  }
}

const checkRecords = async (
  { recorder, database }: Stage,
  scenario: Scenario,
  before: ReadonlySet<string>,
): Promise<void> => {
  const { expect } = scenario
  const created = (): readonly string[] => [...recorder.created()].filter((uuid) => !before.has(uuid))
  if (expect.disposition === undefined) {
    assert.deepEqual(created(), [], 'no channel was made')
    return
  }
  const [record] = await until('the record of the caller', async () => {
    const rows = await database.query<{ leg_uuid: string; disposition: string }>(
      `SELECT leg_uuid::text, disposition FROM call_detail_records WHERE leg_uuid = ANY($1::uuid[]) AND leg = 'A'`,
      [created()],
    )
    return rows.length > 0 && rows
  })
  assert.equal(record?.disposition, expect.disposition)
  await checkAttempts(database, record.leg_uuid, scenario)
  await checkLegs(database, record.leg_uuid, scenario, until)
  if (expect.legs !== undefined)
    assert.equal(created().length, expect.legs.length + 1, 'a channel for each leg')
}
