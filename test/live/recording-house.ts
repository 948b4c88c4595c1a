/** What the tests of recording share: policies that the engine knows of, parties that are heard, files that are found. */
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addPolicy, removePolicy, type PolicyInput } from '../../src/store/recording-policy-writes.ts'
import { parseRecordingPath, type RecordingFile } from '../../src/recording/file-name.ts'
import { freePort, until } from './net.ts'
import type { Stage } from './stage.ts'
import { startToneCaller, type ToneCaller } from './tone-caller.ts'
import { startTonePhone, type TonePhone, type TonePhoneOptions } from './tone-phone.ts'

export const TO = '+442079460123'

/** Frequencies that fall between each other's harmonics. */
export const USER_TONE = 500
export const OTHER_TONE = 1_300

export type Found = RecordingFile & { readonly path: string }

export type RecordingHouse = {
  /** Resolves when the engine plans by it. */
  readonly policy: (
    given: Omit<PolicyInput, 'organizationId' | 'name'> & { readonly name?: string },
  ) => Promise<number>
  readonly phone: (options: Omit<TonePhoneOptions, 'rtpPort'>) => Promise<TonePhone>
  readonly caller: (...given: DropFirst<Parameters<typeof startToneCaller>>) => Promise<ToneCaller>
  /**
   * What the switch wrote of a call, whole or not. The engine takes a finished file away: a link of ours keeps it.
   */
  readonly files: (callId: string) => readonly Found[]
  /** Of the live stream of events, what was noted of recordings: `kind` and its detail. */
  readonly told: (
    callId: string,
  ) => Promise<
    readonly { readonly kind: string; readonly detail: Readonly<Record<string, string | number | null>> }[]
  >
  /** A sound, as people upload it. */
  readonly upload: (
    name: string,
    content: Buffer,
  ) => Promise<{ readonly status: number; readonly json: Record<string, unknown> }>
  /** Ends policies and parties. */
  readonly clear: () => Promise<void>
}

type DropFirst<List extends readonly unknown[]> = List extends readonly [unknown, ...infer Rest]
  ? Rest
  : never

export const openRecordingHouse = (stage: () => Stage): RecordingHouse => {
  const policies = new Set<number>()
  const parties = new Set<{ readonly stop: () => Promise<void> }>()
  let count = 0
  const explained = async (): Promise<string> =>
    JSON.stringify((await stage().engine.api('/v1/routes/explain?number=%2B442079460123&from=1001')).json)
  const watched = setInterval(() => linkAll(stage), 50)
  watched.unref()
  const kept = <Party extends { readonly stop: () => Promise<void> }>(party: Party): Party => {
    parties.add(party)
    return party
  }
  return {
    policy: async (given) => {
      const { database, house } = stage()
      count += 1
      const id = await addPolicy(database, {
        organizationId: house.organizationId,
        name: `policy ${count}`,
        ...given,
      })
      policies.add(id)
      await until('the engine knows the policy', async () => {
        const { json } = await stage().engine.api(`/v1/routes/explain?number=%2B442079460123&from=1001`)
        return given.scope.type === 'inbound' || given.scope.type === 'specific'
          ? pause(700).then(() => true)
          : /recording policy|not recorded/.test(JSON.stringify(json))
      })
      return id
    },
    phone: async (options) => kept(await startTonePhone({ ...options, rtpPort: await freePort() })),
    caller: async (...given) => kept(await startToneCaller(stage(), ...given)),
    files: (callId) => {
      linkAll(stage)
      const folder = linksOf(stage)
      return (existsSync(folder) ? readdirSync(folder) : []).flatMap((name) => {
        const file = parseRecordingPath(name.replaceAll('_', '/'))
        return file?.callId === callId ? [{ ...file, path: join(folder, name) }] : []
      })
    },
    told: async (callId) => {
      const response = await fetch(
        `http://127.0.0.1:${stage().ports.http}/v1/live?after=0&callId=${callId}`,
        {
          headers: { authorization: `Bearer ${tokenOf(stage)}` },
        },
      )
      const text = await firstOf(response)
      return text
        .split('\n')
        .filter((line) => line.startsWith('data: '))
        .map(
          (line) =>
            JSON.parse(line.slice(6)) as { kind: string; detail: Record<string, string | number | null> },
        )
        .filter(({ kind }) => /^recording-(?!stored)/.test(kind))
        .map(({ kind, detail }) => ({ kind, detail }))
    },
    upload: async (name, content) => {
      const reply = await fetch(
        `http://127.0.0.1:${stage().ports.http}/v1/audio-files?name=${name}&organization=${stage().house.organizationId}`,
        {
          method: 'POST',
          headers: { authorization: `Bearer ${tokenOf(stage)}`, 'content-type': 'audio/wav' },
          body: new Uint8Array(content),
        },
      )
      return { status: reply.status, json: (await reply.json()) as Record<string, unknown> }
    },
    clear: async () => {
      for (const id of policies) await removePolicy(stage().database, id)
      await until(
        'the engine forgets the policies',
        async () => !/recording policy|not recorded/.test(await explained()),
      )
      policies.clear()
      await Promise.all([...parties].map((party) => party.stop()))
      parties.clear()
    },
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** All that a stream sends in its first moments. */
const firstOf = async (response: Response): Promise<string> => {
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader()
  let text = ''
  const decoder = new TextDecoder()
  for (const until = Date.now() + 400; reader !== undefined && Date.now() < until;) {
    const piece = await Promise.race([reader.read(), pause(150).then(() => undefined)])
    if (piece === undefined || piece.done) break
    text += decoder.decode(piece.value, { stream: true })
  }
  await reader?.cancel()
  return text
}

const tokenOf = (stage: () => Stage): string =>
  readFileSync(join(stage().folder, 'engine', 'admin-token'), 'utf8').trim()

const linksOf = (stage: () => Stage): string => join(stage().folder, 'kept-recordings')

const linkAll = (stage: () => Stage): void => {
  try {
    const folder = join(stage().folder, 'engine', 'recordings')
    if (!existsSync(folder)) return
    mkdirSync(linksOf(stage), { recursive: true })
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const link = join(linksOf(stage), name.replaceAll('/', '_'))
      if (name.endsWith('.wav') && !existsSync(link)) linkSync(join(folder, name), link)
    }
  } catch {
    // The engine took it away in this moment, or the stage is closed: the next round sees what there is.
  }
}
