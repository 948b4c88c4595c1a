/** What the tests of answered calls share: parties with a voice, a call as the API makes it, what became of it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ORGANIZATION_VARIABLE, USER_VARIABLE } from '../../src/call/carried.ts'
import { encodeWish, WISH_VARIABLE, type CallWish } from '../../src/call/wish.ts'
import type { EslEvent } from '../../src/esl/event.ts'
import { DialString } from '../../src/telephony/dial-string.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { DOMAIN, type Party } from '../scenario/scenario.ts'
import { babble, joined, silence, sine } from '../support/line-sound.ts'
import { freePort, until } from './net.ts'
import { partyXml } from './sipp-xml.ts'
import { startSpeakingParty, type SpeakingParty } from './speaking-party.ts'
import type { SippParty } from './sipp.ts'
import type { Stage } from './stage.ts'

export const TO = '+442079460123'
export const ANSWERS: Party = { ringAfterMs: 50, outcome: { kind: 'answer', afterMs: 300 } }

export const HUMAN = joined(silence(300), babble(500), silence(10_000))
/** Milliseconds in MACHINE. */
export const BEEP_ENDS_MS = 4_400
export const MACHINE = joined(
  silence(300),
  babble(3_300),
  silence(400),
  sine(1_000, 400, 8_000),
  silence(20_000),
)
export const FAX = joined(silence(400), sine(2_100, 3_300), silence(10_000))

export type Scene = {
  /** A phone or carrier that answers and says this. */
  readonly party: (
    name: string,
    port: number,
    sound: Int16Array,
    does?: Party,
  ) => Promise<{ readonly sip: SippParty; readonly voice: SpeakingParty }>
  /** Rings 1001, which dials TO when it answered, as the API does; the call's id. */
  readonly dial: (wish: CallWish) => string
  readonly bridged: (callId: string, withinMs?: number) => Promise<EslEvent>
  readonly ended: (uuid: string, withinMs?: number) => Promise<EslEvent>
  /** The leg toward a carrier, newest last. */
  readonly callees: (callId: string) => readonly string[]
  readonly close: () => void
}

export const openScene = (stage: () => Stage): Scene => {
  const voices: SpeakingParty[] = []
  const created = (callId: string): readonly EslEvent[] =>
    stage()
      .recorder.events()
      .filter((event) => event.name === 'CHANNEL_CREATE' && event.variable('originating_leg_uuid') === callId)
  return {
    party: async (name, port, sound, does = ANSWERS) => {
      const voice = await startSpeakingParty(await freePort(), sound)
      voices.push(voice)
      const xml = partyXml(does).replaceAll('m=audio 19998 ', `m=audio ${voice.port} `)
      return { voice, sip: await stage().sipp({ name, port, xml }) }
    },
    dial: (wish) => {
      const callId = newCallUuid()
      const { house, recorder } = stage()
      const target = DialString.user('1001', DOMAIN, { origination_uuid: callId }).withVariables({
        [ORGANIZATION_VARIABLE]: String(house.organizationId),
        [USER_VARIABLE]: String(house.userIds['1001']),
        [WISH_VARIABLE]: encodeWish(wish),
        ignore_early_media: 'true',
        hangup_after_bridge: 'true',
      })
      void recorder.client.bgapi('originate', `${target.toString()} ${TO} XML phones`)
      return callId
    },
    bridged: (callId, withinMs = 12_000) =>
      until(
        'the call is bridged',
        () =>
          stage()
            .recorder.events()
            .find((event) => event.name === 'CHANNEL_BRIDGE' && event.get('Unique-ID') === callId),
        withinMs,
      ),
    ended: (uuid, withinMs = 20_000) =>
      until('the leg has ended', () => stage().recorder.hungUp().get(uuid), withinMs),
    callees: (callId) => created(callId).flatMap((event) => event.get('Unique-ID') ?? []),
    close: () => {
      for (const voice of voices.splice(0)) voice.stop()
    },
  }
}

/** Takes a sound in over the API; its id. */
export const uploadSound = async ({ folder, ports, house }: Stage, sound: Int16Array): Promise<number> => {
  const token = readFileSync(join(folder, 'engine', 'admin-token'), 'utf8').trim()
  const reply = await fetch(
    `http://127.0.0.1:${ports.http}/v1/audio-files?name=message&organization=${house.organizationId}`,
    {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'audio/wav' },
      body: new Uint8Array(wav(sound)),
    },
  )
  const json = (await reply.json()) as { readonly audioFile?: { readonly id: number } }
  if (json.audioFile === undefined) throw new Error(`no sound was taken in: ${JSON.stringify(json)}`)
  return json.audioFile.id
}

const wav = (sound: Int16Array): Buffer => {
  const header = Buffer.alloc(44)
  header.write('RIFF', 0, 'latin1')
  header.writeUInt32LE(36 + sound.length * 2, 4)
  header.write('WAVEfmt ', 8, 'latin1')
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(8_000, 24)
  header.writeUInt32LE(16_000, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36, 'latin1')
  header.writeUInt32LE(sound.length * 2, 40)
  return Buffer.concat([header, Buffer.from(sound.buffer, sound.byteOffset, sound.byteLength)])
}
