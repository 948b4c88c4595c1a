/**
 * Asks each gateway by OPTIONS whether it is there. A round begins every interval and asks afresh which gateways there
 * are; its questions are spread over the interval. That our own side could not ask says nothing of a gateway, and
 * nothing is reported then. Judges nobody: whoever takes the results does.
 */
import type { Cancel, Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Gateway } from '../directory/records.ts'
import type { OptionsOutcome } from './drachtio-link.ts'
import { sipUriTo } from './sip-uri.ts'

export type ProbeTarget = Pick<Gateway, 'id' | 'hostname' | 'port' | 'transport' | 'enabled'>

export type ProbeResult = {
  readonly gatewayId: number
  /** Undefined: nobody answered. */
  readonly status: number | undefined
  readonly responseMs: number
  readonly retryAfterSeconds: number | undefined
  /** The reason phrase, or why there is no status. */
  readonly reason: string
}

/** Whoever refuses an OPTIONS is there (401, 404, 405); a proxy's 408 speaks of another that is not. */
export const isAlive = ({ status }: Pick<ProbeResult, 'status'>): boolean =>
  status !== undefined && status >= 200 && status < 500 && status !== 408

export type OptionsProbe = {
  readonly start: () => void
  readonly stop: () => void
  /** What is under way gets no answer any more, by no fault of the gateways. */
  readonly forget: () => void
}

export type OptionsProbeOptions = {
  readonly intervalMs: number
  /** Those that are disabled are left out here. */
  readonly gateways: () => readonly ProbeTarget[]
  readonly send: (uri: string, headers: Readonly<Record<string, string>>, then: OptionsOutcome) => void
  /** A throw is logged. */
  readonly onProbe: (result: ProbeResult) => void
  readonly clock: Clock
  readonly logger: Logger
}

const ANSWER_TIMEOUT_MS = 5000

export const createOptionsProbe = (options: OptionsProbeOptions): OptionsProbe => {
  const { clock, logger, intervalMs } = options
  let cancels: Cancel[] = []
  /** Gateways that have not answered yet, with what ends their timer. */
  const asked = new Map<number, Cancel>()
  /** Gateways of which the log has heard that they cannot be asked. */
  const unsent = new Set<number>()

  const round = (): void => {
    cancels = [clock.after(intervalMs, round)]
    const targets = attempt('gateways', options.gateways, []).filter(({ enabled }) => enabled)
    targets.forEach((target, place) => {
      cancels.push(clock.after((place * intervalMs) / targets.length, () => ask(target)))
    })
  }

  const ask = ({ id, hostname, port, transport }: ProbeTarget): void => {
    if (asked.has(id)) return
    const uri = sipUriTo({ number: '', hostname, port, transport })
    if (uri === undefined) {
      tellUnsent(id, 'its host or port cannot be')
      return
    }
    const begin = clock.monotonic()
    const isOurs = (): boolean => asked.get(id) === cancel
    const settle = (status: number | undefined, reason: string, retryAfterSeconds?: number): void => {
      // It answered too late, or was forgotten.
      if (!isOurs()) return
      cancel()
      asked.delete(id)
      unsent.delete(id)
      const responseMs = Math.round(clock.monotonic() - begin)
      const result = { gatewayId: id, status, responseMs, retryAfterSeconds, reason }
      attempt('result', () => options.onProbe(result), undefined)
    }
    const cancel = clock.after(ANSWER_TIMEOUT_MS, () => settle(undefined, 'no answer'))
    asked.set(id, cancel)
    // The server writes the URI's parameters behind the brackets of a To of its own making.
    options.send(
      uri,
      { To: `<${uri}>` },
      {
        onResponse: (response) => {
          if (response.status < 200) return
          if (response.source_address === '') settle(undefined, `no answer: ${response.reason}`)
          else settle(response.status, response.reason, secondsOf(response.get('Retry-After')))
        },
        onUnsent: (why) => {
          if (!isOurs()) return
          cancel()
          asked.delete(id)
          tellUnsent(id, why)
        },
      },
    )
  }

  const tellUnsent = (gatewayId: number, why: string): void => {
    if (unsent.has(gatewayId)) return
    unsent.add(gatewayId)
    logger.warn({ gatewayId, why }, 'a gateway cannot be asked by OPTIONS')
  }

  const attempt = <Result>(what: string, act: () => Result, otherwise: Result): Result => {
    try {
      return act()
    } catch (fault) {
      logger.error({ err: asError(fault), what }, 'an OPTIONS probe failed on our side')
      return otherwise
    }
  }

  const forget = (): void => {
    for (const cancel of asked.values()) cancel()
    asked.clear()
  }

  return {
    start: round,
    stop: () => {
      for (const cancel of cancels) cancel()
      cancels = []
      forget()
    },
    forget,
  }
}

/** `Retry-After: 120 (in maintenance);duration=60`: the seconds (RFC 3261 20.33). */
const secondsOf = (header: string | undefined): number | undefined => {
  const seconds = /^\s*(\d{1,9})/.exec(header ?? '')?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}
