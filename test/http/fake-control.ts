/** Call control from memory, for the tests of the HTTP floor and of the CLI. */
import type { ControlRequest } from '../../src/engine/call-control.ts'
import type { ControlDoors } from '../../src/http/control-doors.ts'
import { A_LEG, B_LEG, CALL_ID } from './samples.ts'

export type Controlled = {
  readonly callId: string
  readonly request: ControlRequest
  readonly boundTo: unknown
}

/** The one call is of organisation 1; its transfer to 404 is refused, and it is never parked. */
export const fakeControl = (seen: Controlled[]): ControlDoors => ({
  control: (callId, request, boundTo) => {
    seen.push({ callId, request, boundTo })
    if (callId !== CALL_ID || (boundTo !== undefined && boundTo !== 1))
      return Promise.resolve({
        kind: 'refused',
        code: 'CALL_NOT_FOUND',
        message: `there is no call ${callId}`,
      })
    if (request.verb === 'transfer' && request.to === '404')
      return Promise.resolve({
        kind: 'refused',
        code: 'INVALID_DESTINATION',
        message: '404 cannot be dialled',
      })
    if (request.verb === 'transfer' && request.to === '429')
      return Promise.resolve({
        kind: 'refused',
        code: 'QUOTA_EXCEEDED',
        message: 'too many calls',
        retryAfterSeconds: 7,
      })
    if (request.verb === 'unpark')
      return Promise.resolve({ kind: 'refused', code: 'NOT_PARKED', message: 'nobody is parked' })
    if (request.verb === 'conference')
      return Promise.resolve({
        kind: 'done',
        detail: {
          conference: {
            name: 'sales',
            members: [
              { legUuid: A_LEG, callId: CALL_ID, party: '1001', muted: false, talking: true },
              { legUuid: B_LEG, callId: undefined, party: '+442079460123', muted: true, talking: false },
            ],
          },
        },
      })
    if (request.verb === 'supervise')
      return Promise.resolve({
        kind: 'done',
        detail: {
          status: 'ringing',
          supervision: {
            callId: B_LEG,
            mode: request.does === 'end' ? 'listen' : request.mode,
            of: A_LEG,
          },
        },
      })
    return Promise.resolve({ kind: 'done', detail: { legUuid: A_LEG } })
  },
  audioFile: (fileId) => Promise.resolve(fileId === 7 ? '/var/sounds/1/7-0123456789abcdef.wav' : undefined),
})
