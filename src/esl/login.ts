import { EngineError } from '../base/errors.ts'
import { command, type EventFormat } from './command.ts'
import { replyText, type Connection } from './connection.ts'

/**
 * Owns what is said between a TCP connection and a link that is up: password, version, subscription. `onUp` runs
 * while the last reply is read, so it precedes every event. Anything else closes the connection with its reason:
 * ESL_AUTH_REFUSED, ESL_SUBSCRIBE_REFUSED.
 */
export const logIn = (
  connection: Connection,
  options: LoginOptions,
  onUp: (version: string) => void,
): void => {
  const ask = (line: string, then: (text: string) => void): void => {
    connection.request(line, undefined, (reply) => {
      // A connection that closes tells its owner why.
      if (!(reply instanceof EngineError)) then(replyText(reply))
    })
  }
  ask(command.auth(options.password), (answer) => {
    if (!answer.startsWith('+OK')) {
      connection.close(new EngineError('ESL_AUTH_REFUSED', 'the switch refused our password', { answer }))
      return
    }
    ask(command.api('version'), (version) => {
      ask(command.subscribe(options.format, options.events, options.customEvents), (subscribed) => {
        if (subscribed.startsWith('+OK')) onUp(version.trim())
        else {
          connection.close(
            new EngineError('ESL_SUBSCRIBE_REFUSED', 'the switch refused our subscription', {
              answer: subscribed,
            }),
          )
        }
      })
    })
  })
}

export type LoginOptions = {
  readonly password: string
  readonly format: EventFormat
  readonly events: readonly string[]
  readonly customEvents: readonly string[]
}
