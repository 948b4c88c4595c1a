/**
 * What may be played to a call: a tone, a silence, or a sound of the switch's own folder by its name. Nothing else
 * reaches the switch as a file: it would open pipes, URLs and other streams by what stands before `://`.
 */
import { EngineError } from '../base/errors.ts'

export type Media =
  /** In the switch's notation, `%(400,200,400,450)`: milliseconds on, off, then Hertz. */
  | { readonly tone: string }
  | { readonly silenceMs: number }
  /** A name below the switch's folder of sounds, `ivr/ivr-welcome.wav`. */
  | { readonly sound: string }
  /** An uploaded one, where the engine laid it down for the switch. */
  | { readonly fileId: number; readonly path: string }

/** One or more `%(on,off,hertz[,hertz])`, separated by semicolons (teletone, libteletone_generate.c). */
export const TONE_PATTERN =
  '^%\\(\\d{1,5},\\d{1,5},\\d{2,4}(,\\d{2,4}){0,3}\\)(;%\\(\\d{1,5},\\d{1,5},\\d{2,4}(,\\d{2,4}){0,3}\\)){0,7}$'
export const SOUND_PATTERN = '^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,5}\\.(wav|ogg|mp3|PCMA|PCMU|gsm)$'

const TONE = new RegExp(TONE_PATTERN)
const SOUND = new RegExp(SOUND_PATTERN)

/** What the switch plays. Throws CALL_BAD_MEDIA. A sound stands behind `${sounds_dir}`, which uuid_broadcast expands. */
export const mediaPath = (media: Media, loops: number): string => {
  if (!Number.isSafeInteger(loops) || loops < 1 || loops > 100)
    throw new EngineError('CALL_BAD_MEDIA', 'loops is a whole number from 1 to 100', { field: 'loops' })
  if ('tone' in media) {
    if (!TONE.test(media.tone)) throw bad('tone')
    return `tone_stream://${media.tone};loops=${loops}`
  }
  if ('silenceMs' in media) {
    if (!Number.isSafeInteger(media.silenceMs) || media.silenceMs < 20 || media.silenceMs > 600_000)
      throw bad('silenceMs')
    return `silence_stream://${media.silenceMs * loops}`
  }
  if ('path' in media ? !/^\/[\w./-]+$/.test(media.path) : !SOUND.test(media.sound))
    throw bad('path' in media ? 'fileId' : 'sound')
  const file = 'path' in media ? media.path : `\${sounds_dir}/${media.sound}`
  return loops === 1 ? file : `loop_playback::+${loops}\\s${file}`
}

const bad = (field: string): EngineError =>
  new EngineError('CALL_BAD_MEDIA', `"${field}" cannot be played: it is none that the switch knows`, {
    field,
  })
