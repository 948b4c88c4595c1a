/** The events that a switch tells of a leg, made of the record that it posted of it. */
import type { EslEvent } from '../../src/esl/event.ts'
import type { RawPost } from './posts.ts'

const PROFILE = {
  uuid: 'Caller-Unique-ID',
  caller_id_name: 'Caller-Caller-ID-Name',
  caller_id_number: 'Caller-Caller-ID-Number',
  destination_number: 'Caller-Destination-Number',
} as const
const TIMES = {
  created_time: 'Caller-Channel-Created-Time',
  progress_time: 'Caller-Channel-Progress-Time',
  progress_media_time: 'Caller-Channel-Progress-Media-Time',
  answered_time: 'Caller-Channel-Answered-Time',
  hangup_time: 'Caller-Channel-Hangup-Time',
} as const

/** The event in which the switch tells what it posted; values are plain there. */
export const eventOf = (
  post: RawPost,
  without: (variable: string) => boolean = () => false,
  more: Readonly<Record<string, string>> = {},
): EslEvent => {
  const [flow] = post.callflow as unknown as readonly [
    { readonly caller_profile: Record<string, string>; readonly times: Record<string, string> },
  ]
  const encoded = post.variables['start_stamp']?.includes('%20') === true
  const headers = new Map<string, string>([['Call-Direction', post.variables['direction'] ?? '']])
  for (const [field, header] of Object.entries(PROFILE)) headers.set(header, flow.caller_profile[field] ?? '')
  for (const [field, header] of Object.entries(TIMES)) headers.set(header, flow.times[field] ?? '0')
  for (const [name, value] of Object.entries(post.variables))
    if (!without(name)) headers.set(`variable_${name}`, encoded ? decodeURIComponent(value) : value)
  for (const [name, value] of Object.entries(more)) headers.set(name, value)
  return {
    name: more['Event-Name'] ?? '',
    subclass: undefined,
    body: undefined,
    get: (name) => headers.get(name),
    variable: (name) => headers.get(`variable_${name}`),
    headers: (isWanted = () => true) => new Map([...headers].filter(([name]) => isWanted(name))),
  }
}
