/**
 * A code as FreeSWITCH says it: by flite where the switch has it, otherwise as beeps to count, ten for a zero. Both are
 * made of our own words and of digits, nothing else.
 */
import { EngineError } from '../base/errors.ts'

export type SpokenCode = {
  readonly application: 'speak' | 'playback'
  readonly argument: string
}

export const spokenCode = (code: string, hasSpeech: boolean): SpokenCode => {
  if (!/^\d{4,10}$/.test(code)) throw new EngineError('CALLER_ID_BAD_CODE', 'a code is 4 to 10 digits')
  const digits = code.match(/\d/g) ?? []
  if (hasSpeech) {
    // Full stops are pauses; said twice, for whoever looks for a pencil.
    const once = `Your code is: ${digits.join('. ')}.`
    return { application: 'speak', argument: `flite|kal|${once} Again. ${once} Goodbye.` }
  }
  const counted = digits.map(
    (digit) => `silence_stream://1200!tone_stream://%(180,220,880);loops=${digit === '0' ? 10 : digit}`,
  )
  const once = `tone_stream://%(600,400,440)!${counted.join('!')}!silence_stream://2000`
  return { application: 'playback', argument: `file_string://${once}!${once}` }
}
