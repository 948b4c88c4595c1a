/** What a person reads after `npm start`. */
import type { Config } from '../config/config.ts'
import type { Engine } from './engine.ts'

export const greeting = ({ url, tokenFile, trial }: Engine, config: Config): string => {
  const lines = [`Strowger listens on ${url}. The token of its API is in ${tokenFile}.`]
  if (trial === undefined) {
    lines.push(
      `It waits for the switch at ${config.freeswitch.host}:${config.freeswitch.port}; ${url}/ready tells when calls can be routed.`,
    )
    return `${lines.join('\n')}\n`
  }
  if (trial.simulating) {
    lines.push(
      '',
      `No FreeSWITCH answers on ${config.freeswitch.host}:${config.freeswitch.port}: calls are made on the built-in SIMULATOR, and are in no bill.`,
    )
  }
  if (trial.demo !== undefined) {
    lines.push(
      '',
      `A demo organisation was made, with the number ${trial.demo.number}. Its phones (told only this once):`,
    )
    for (const { username, password } of trial.demo.devices) {
      lines.push(`  ${username}@${trial.demo.domain}   password ${password}`)
    }
  }
  lines.push(
    '',
    'Try, in a second terminal in this folder:',
    '  npx strowger calls originate --from 1001 --to +442079460123   # one carrier fails, the next one answers',
    '  npx strowger cdrs list                                         # its record, with every attempt and the cost',
    '  npx strowger route explain +33142685300                        # each candidate, or why it was rejected',
    '  npx strowger --help',
    '',
  )
  return `${lines.join('\n')}\n`
}
