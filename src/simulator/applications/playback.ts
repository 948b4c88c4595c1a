import type { Channel } from '../channel.ts'
import type { Exchange } from '../exchange.ts'
import { linger, type LingerEnd } from '../linger.ts'
import { soundMs } from '../party.ts'
import type { Applications } from './application.ts'

/** How long a file, tone or silence plays; loops and `!`-joined lists included. */
export const playingMs = (exchange: Exchange, file: string): number => {
  const sounds = file.startsWith('file_string://') ? file.slice('file_string://'.length).split('!') : [file]
  return sounds.reduce((sum, sound) => sum + oneSoundMs(exchange, sound), 0)
}

const oneSoundMs = (exchange: Exchange, sound: string): number => {
  const silence = /^silence_stream:\/\/(-?\d+)/.exec(sound)?.[1]
  if (silence !== undefined) return Number(silence) < 0 ? Number.POSITIVE_INFINITY : Number(silence)
  if (sound.startsWith('local_stream://')) return Number.POSITIVE_INFINITY
  if (!sound.startsWith('tone_stream://') && !sound.startsWith('%(')) return soundMs(exchange.scenario, sound)
  const loops = Number(/loops=(-?\d+)/.exec(sound)?.[1] ?? '1')
  const once = [...sound.matchAll(/%\((\d+),(\d+)/g)].reduce(
    (sum, [, on, off]) => sum + Number(on) + Number(off),
    0,
  )
  return loops < 0 ? Number.POSITIVE_INFINITY : once * loops
}

/** Plays with the events of switch_ivr_play_file; `stop` ends it early, a digit of a terminator does too. */
export const play = async (
  exchange: Exchange,
  channel: Channel,
  file: string,
  stop: () => boolean = () => false,
): Promise<LingerEnd> => {
  const began = exchange.clock.monotonic()
  channel.fire('PLAYBACK_START', { 'Playback-File-Path': file })
  const terminators = channel.variables.get('playback_terminators') ?? '*'
  const before = channel.digits.length
  const terminated = (): boolean =>
    terminators !== 'none' &&
    channel.digits.slice(before).some((digit) => terminators === 'any' || terminators.includes(digit))
  const end = await linger(exchange, channel, () => stop() || terminated(), playingMs(exchange, file))
  const ms = Math.round(exchange.clock.monotonic() - began)
  if (terminated()) {
    channel.set('playback_terminator_used', channel.digits.at(-1))
    channel.digits.length = before
  }
  channel.set('playback_last_offset_pos', String(ms * 8))
  channel.set('playback_seconds', String(Math.floor(ms / 1000)))
  channel.set('playback_ms', String(ms))
  channel.set('playback_samples', String(ms * 8))
  channel.fire('PLAYBACK_STOP', {
    'Playback-File-Path': file,
    'Playback-Status': end === 'time' ? 'done' : 'break',
  })
  return end
}

const playFile = async (exchange: Exchange, channel: Channel, file: string): Promise<void> => {
  channel.set('playback_terminator_used', undefined)
  const end = await play(exchange, channel, file)
  channel.set('current_application_response', end === 'gone' ? 'PLAYBACK ERROR' : 'FILE PLAYED')
}

export const playbackApplications: Applications = {
  playback: {
    needsMedia: true,
    run: ({ exchange, channel, argument }) => playFile(exchange, channel, argument),
  },
  endless_playback: {
    needsMedia: true,
    run: async ({ exchange, channel, argument }) => {
      for (;;) {
        // A file of no length must not turn this into a loop without a pause.
        const end = await play(exchange, channel, argument)
        if (end !== 'time' || playingMs(exchange, argument) <= 0) return
      }
    },
  },
  loop_playback: {
    needsMedia: true,
    run: async ({ exchange, channel, argument }) => {
      const loops = /^\+(-?\d+)\s+(.*)$/.exec(argument)
      const times = Number(loops?.[1] ?? '-1')
      for (let n = 0; times < 0 || n < times; n++) {
        if ((await play(exchange, channel, loops?.[2] ?? argument)) !== 'time') return
      }
    },
  },
  gentones: {
    needsMedia: true,
    run: ({ exchange, channel, argument }) => playFile(exchange, channel, argument),
  },
  // What is said takes as long as a sound file does.
  say: { needsMedia: true, run: ({ exchange, channel, argument }) => playFile(exchange, channel, argument) },
  phrase: {
    needsMedia: true,
    run: ({ exchange, channel, argument }) => playFile(exchange, channel, argument),
  },
  speak: {
    needsMedia: true,
    run: ({ exchange, channel, argument }) => playFile(exchange, channel, argument),
  },
  sleep: {
    run: async ({ exchange, channel, argument }) => {
      await linger(exchange, channel, () => false, Number.parseInt(argument, 10) || 0)
    },
  },
  echo: {
    needsMedia: true,
    run: async ({ exchange, channel }) => {
      await linger(exchange, channel, () => false)
    },
  },
}
