/**
 * The parts of drachtio-srf 5 that we use, as they are at run time: its typings lack most of them. It is loaded
 * only where somebody asked for a SIP edge.
 *
 * `app.client.wp`, its wire, is no public part of it; without it neither a mute server is noticed nor the last INVITE
 * before the end answered, and bytes that are no protocol end the process: it throws them out of the socket's listener.
 */
import type { Socket } from 'node:net'
import { EngineError } from '../base/errors.ts'

export type SipRequest = {
  readonly method: string
  readonly uri: string
  readonly body: string | undefined
  readonly source_address: string
  readonly get: (header: string) => string | undefined
  readonly on: (event: 'cancel', act: () => void) => void
}

export type SipResponder = {
  /** Throws for a status that it does not know. */
  readonly send: (
    status: number,
    reason: string,
    options: { readonly headers: Readonly<Record<string, string>> },
  ) => void
}

export type SipResponse = {
  readonly status: number
  readonly reason: string
  /** '' where the server made the response itself: nobody answered. */
  readonly source_address: string
  readonly get: (header: string) => string | undefined
}

export type SentRequest = {
  readonly on: (event: 'response', act: (response: SipResponse) => void) => void
}

export type Wire = {
  /** The id by which the response names the message. */
  readonly send: (socket: Socket, message: string) => string
  readonly on: ((event: 'connect', act: (socket: Socket) => void) => void) &
    ((event: 'msg', act: (socket: Socket, message: string) => void) => void)
}

export type Srf = {
  readonly on: ((event: 'connect', act: (fault: Error | null | undefined) => void) => void) &
    ((event: 'error', act: (fault: Error) => void) => void) &
    ((event: 'close', act: () => void) => void)
  readonly use: (method: string, act: (request: SipRequest, responder: SipResponder) => void) => void
  readonly connect: (options: {
    readonly host: string
    readonly port: number
    readonly secret: string
    readonly reconnect: { readonly maxAttempts: number }
  }) => void
  /** Throws where there is no connection. The promise that it returns without a callback loses responses. */
  readonly request: (
    uri: string,
    options: { readonly method: string; readonly headers: Readonly<Record<string, string>> },
    callback: (fault: Error | null | undefined, request: SentRequest | undefined) => void,
  ) => void
  readonly app: { readonly client: { readonly wp: Wire } }
}

/** @throws EngineError SIP_PACKAGE_MISSING */
export const loadSrf = async (): Promise<new () => Srf> => {
  try {
    const loaded: unknown = await import('drachtio-srf')
    return (loaded as { readonly default: new () => Srf }).default
  } catch (fault) {
    throw new EngineError('SIP_PACKAGE_MISSING', 'drachtio-srf cannot be loaded', {}, fault)
  }
}
