/**
 * Sends a code as a message over the operator's own provider: one POST of JSON, `{"to": "+44...", "text": "..."}`. The
 * address is the operator's (VERIFICATION_SMS_URL) and may hold a secret: neither it nor an error's text is logged.
 */
import type { Clock } from '../base/clock.ts'
import { EngineError } from '../base/errors.ts'
import type { E164 } from '../telephony/e164.ts'

export type SendSms = (to: E164, text: string) => Promise<string | undefined>

export type VerificationSmsOptions = {
  /** `{number}` and `{text}` in it are filled in; user and password go as basic authentication. */
  readonly url: string
  readonly timeoutMs: number
  readonly clock: Clock
  readonly fetch?: typeof fetch
}

/** Resolves with undefined when the provider took it, or with why not. Throws DELIVER_BAD_SMS_URL. */
export const createVerificationSms = (options: VerificationSmsOptions): SendSms => {
  if (!URL.canParse(filled(options.url, 'x', 'x')))
    throw new EngineError('DELIVER_BAD_SMS_URL', 'the URL of the SMS provider is none')
  const post = options.fetch ?? fetch
  return async (to, text) => {
    const url = new URL(filled(options.url, to, text))
    const { username, password } = url
    url.username = ''
    url.password = ''
    const abort = new AbortController()
    const stop = options.clock.after(options.timeoutMs, () => abort.abort())
    try {
      const response = await post(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(username === '' && password === ''
            ? {}
            : {
                authorization: `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}`,
              }),
        },
        body: JSON.stringify({ to, text }),
        redirect: 'error',
        signal: abort.signal,
      })
      await response.body?.cancel()
      return response.ok ? undefined : `the SMS provider answered ${response.status}`
    } catch {
      // What is thrown may name the address.
      return abort.signal.aborted
        ? 'the SMS provider did not answer in time'
        : 'the SMS provider was not reached'
    } finally {
      stop()
    }
  }
}

const filled = (template: string, number: string, text: string): string =>
  template.replaceAll('{number}', encodeURIComponent(number)).replaceAll('{text}', encodeURIComponent(text))
