import { linger } from '../linger.ts'
import type { Application, Applications } from './application.ts'

/** Applications of the real switch that have no effect that anybody here could see. */
const NOTHING: Application = { run: () => undefined }
const QUIET = [
  'avmd_start',
  'avmd_stop',
  'break',
  'detect_speech',
  'displace_session',
  'enable_heartbeat',
  'flush_dtmf',
  'jitterbuffer',
  'presence',
  'privacy',
  'queue_dtmf',
  'recovery_refresh',
  'send_display',
  'send_dtmf',
  'set_name',
  'set_profile_var',
  'soft_hold',
  'start_dtmf',
  'start_dtmf_generate',
  'stop_displace_session',
  'stop_dtmf',
  'stop_dtmf_generate',
  'stop_tone_detect',
  'strftime',
  'tone_detect',
  'unloop',
  'verbose_events',
  'wait_for_silence',
  'detect_audio',
  'detect_silence',
]

export const quietApplications: Applications = {
  ...Object.fromEntries(QUIET.map((name) => [name, NOTHING])),
  eavesdrop: {
    needsMedia: true,
    run: async ({ exchange, channel, argument }) => {
      const target = exchange.channels.get(argument.trim())
      if (target === undefined) return
      channel.markAnswered()
      await linger(exchange, channel, () => !target.up(), undefined, [target.bell])
    },
  },
}
