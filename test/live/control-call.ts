/** A call between parties with tones of their own, and the API that controls it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LiveEvent } from '../../src/call/live-call.ts'
import { freePort, until } from './net.ts'
import type { Stage } from './stage.ts'
import { startTonePhone, type TonePhone, type TonePhoneOptions } from './tone-phone.ts'

/** What each party says, in Hertz: whole waves in a frame of 20 ms, so that none is seen in the place of another. */
export const TONES = { '1001': 600, '1002': 950, '1004': 1250, A: 1500, B: 1750, C: 2050 } as const
export type PartyName = keyof typeof TONES
/** The first chord of freeswitch-conf's hold music. */
export const MUSIC = [523, 587] as const

export const DESTINATION = '+442079460123'

export type Answer = { readonly status: number; readonly json: Record<string, unknown> }

/** The phones and carriers of one test. */
export type Parties = {
  readonly party: (name: PartyName, options?: Partial<TonePhoneOptions>) => Promise<TonePhone>
  readonly stop: () => Promise<void>
}

export const gather = (stage: Stage): Parties => {
  const phones: TonePhone[] = []
  return {
    party: async (name, options = {}) => {
      const isCarrier = name === 'A' || name === 'B' || name === 'C'
      if (!isCarrier) await stage.register(name)
      const phone = await startTonePhone({
        port: isCarrier ? stage.ports.carrier[name] : stage.ports.phone[name],
        rtpPort: await freePort(),
        tone: TONES[name],
        ...options,
      })
      phones.push(phone)
      return phone
    },
    stop: async () => {
      await Promise.all(phones.splice(0).map((phone) => phone.stop()))
    },
  }
}

export const api = async (
  stage: Stage,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Answer> => {
  const token = readFileSync(join(stage.folder, 'engine', 'admin-token'), 'utf8').trim()
  const reply = await fetch(`http://127.0.0.1:${stage.ports.http}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: reply.status, json: (await reply.json()) as Record<string, unknown> }
}

export const ok = async (answer: Promise<Answer>): Promise<Record<string, unknown>> => {
  const { status, json } = await answer
  assert.equal(status, 200, JSON.stringify(json))
  return json
}

export const refusedWith = async (answer: Promise<Answer>, status: number, code: string): Promise<void> => {
  const { status: got, json } = await answer
  assert.deepEqual([got, (json['error'] as { code?: string } | undefined)?.code], [status, code])
}

export type Talk = {
  readonly callId: string
  /** Legs that live, by `A` and `B`. */
  readonly legs: () => Promise<readonly LegSeen[]>
  readonly post: (verb: string, body?: unknown) => Promise<Answer>
}

export type LegSeen = {
  readonly legUuid: string
  readonly leg: string
  readonly state: string
  readonly party: string
}

/** 1001 rings, then whom he calls; resolves when both hear each other. */
export const talk = async (
  stage: Stage,
  one: TonePhone,
  other: TonePhone,
  to: string = DESTINATION,
): Promise<Talk> => {
  const started = await ok(api(stage, 'POST', '/v1/calls/originate', { from: '1001', to }))
  const callId = String(started['callId'])
  await hear('both parties', () => one.hears(other.tone) > 0.8 && other.hears(one.tone) > 0.8)
  return talkOf(stage, callId)
}

export const talkOf = (stage: Stage, callId: string): Talk => ({
  callId,
  legs: async () => {
    const { json } = await api(stage, 'GET', `/v1/calls/${callId}`)
    const call = json['call'] as { legs: LegSeen[] } | undefined
    return (call?.legs ?? []).filter(({ state }) => state !== 'gone')
  },
  post: (verb, body) => api(stage, 'POST', `/v1/calls/${callId}/${verb}`, body),
})

/** Waits until it is heard; `look` reads the last half second. */
export const hear = (what: string, look: () => boolean): Promise<true> => until(`heard: ${what}`, look, 8_000)

/** What was told of a call, from the live stream. */
export const eventsOf = async (
  stage: Stage,
  callId: string,
  kind: LiveEvent['kind'],
  count = 1,
): Promise<readonly { readonly kind: string; readonly detail: Record<string, unknown> | null }[]> =>
  until(`${count} events ${kind}`, async () => {
    const token = readFileSync(join(stage.folder, 'engine', 'admin-token'), 'utf8').trim()
    const over = new AbortController()
    const reply = await fetch(`http://127.0.0.1:${stage.ports.http}/v1/live?after=0&callId=${callId}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: over.signal,
    })
    let text = ''
    const end = setTimeout(() => over.abort(), 150)
    try {
      for await (const piece of reply.body ?? []) text += Buffer.from(piece as Uint8Array).toString('utf8')
    } catch (fault) {
      if (!over.signal.aborted) throw fault
    } finally {
      clearTimeout(end)
    }
    const events = [...text.matchAll(/^data: (.*)$/gm)].map(
      ([, line = '{}']) => JSON.parse(line) as { kind: string; detail: Record<string, unknown> | null },
    )
    const found = events.filter((event) => event.kind === kind)
    return found.length >= count && found
  })

/** Hangs up whatever is left of a call, by the API. */
export const hangUp = async (stage: Stage, callId: string): Promise<void> => {
  await api(stage, 'DELETE', `/v1/calls/${callId}`)
}
