/** Owns what the switch calls a caller profile: who calls whom, on one channel, since its last transfer. */
export type CallerProfile = {
  direction: 'inbound' | 'outbound'
  username: string
  dialplan: string
  callerIdName: string
  callerIdNumber: string
  calleeIdName: string
  calleeIdNumber: string
  networkAddr: string
  ani: string
  rdnis: string
  destinationNumber: string
  uuid: string
  source: string
  transferSource: string
  context: string
  channelName: string
  index: number
  times: ProfileTimes
  /** The application list of the extension that this profile reached. */
  extension: Extension | undefined
}

export type Extension = {
  readonly name: string
  readonly number: string
  readonly actions: readonly DialplanAction[]
  /** The index of the action that runs or ran last; -1 before the first. */
  current: number
}

export type DialplanAction = { readonly application: string; readonly argument: string }

/** Microseconds since the epoch, 0 for what has not happened. */
export type ProfileTimes = {
  profileCreated: number
  created: number
  answered: number
  progress: number
  progressMedia: number
  hungup: number
  transferred: number
  bridged: number
  lastHold: number
  holdAccumulated: number
}

export const noTimes = (): ProfileTimes => ({
  profileCreated: 0,
  created: 0,
  answered: 0,
  progress: 0,
  progressMedia: 0,
  hungup: 0,
  transferred: 0,
  bridged: 0,
  lastHold: 0,
  holdAccumulated: 0,
})

/** The headers of switch_caller_profile_event_set_data, in its order and with its omissions. */
export const profileHeaders = (prefix: string, profile: CallerProfile): Record<string, string> => {
  const headers: Record<string, string> = {}
  const add = (name: string, value: string): void => {
    if (value !== '') headers[`${prefix}-${name}`] = value
  }
  add('Direction', profile.direction)
  add('Logical-Direction', profile.direction)
  add('Username', profile.username)
  add('Dialplan', profile.dialplan)
  add('Caller-ID-Name', profile.callerIdName)
  add('Caller-ID-Number', profile.callerIdNumber)
  add('Orig-Caller-ID-Name', profile.callerIdName)
  add('Orig-Caller-ID-Number', profile.callerIdNumber)
  add('Callee-ID-Name', profile.calleeIdName)
  add('Callee-ID-Number', profile.calleeIdNumber)
  add('Network-Addr', profile.networkAddr)
  add('ANI', profile.ani)
  add('Destination-Number', profile.destinationNumber)
  add('Unique-ID', profile.uuid)
  add('Source', profile.source)
  add('Transfer-Source', profile.transferSource)
  add('Context', profile.context)
  add('RDNIS', profile.rdnis)
  add('Channel-Name', profile.channelName)
  add('Profile-Index', String(profile.index))
  const { times } = profile
  add('Profile-Created-Time', String(times.profileCreated))
  add('Channel-Created-Time', String(times.created))
  add('Channel-Answered-Time', String(times.answered))
  add('Channel-Progress-Time', String(times.progress))
  add('Channel-Progress-Media-Time', String(times.progressMedia))
  add('Channel-Hangup-Time', String(times.hungup))
  add('Channel-Transfer-Time', String(times.transferred))
  add('Channel-Resurrect-Time', '0')
  add('Channel-Bridged-Time', String(times.bridged))
  add('Channel-Last-Hold', String(times.lastHold))
  add('Channel-Hold-Accum', String(times.holdAccumulated))
  add('Screen-Bit', 'true')
  add('Privacy-Hide-Name', 'false')
  add('Privacy-Hide-Number', 'false')
  return headers
}

/** What a dialplan condition or `${}` may name of a profile (switch_caller_get_field_by_name). */
export const profileField = (profile: CallerProfile, name: string): string | undefined => {
  switch (name) {
    case 'dialplan':
      return profile.dialplan
    case 'username':
      return profile.username
    case 'caller_id_name':
      return profile.callerIdName
    case 'caller_id_number':
      return profile.callerIdNumber
    case 'callee_id_name':
      return profile.calleeIdName
    case 'callee_id_number':
      return profile.calleeIdNumber
    case 'network_addr':
      return profile.networkAddr
    case 'ani':
      return profile.ani
    case 'rdnis':
      return profile.rdnis
    case 'destination_number':
      return profile.destinationNumber
    case 'uuid':
      return profile.uuid
    case 'source':
      return profile.source
    case 'transfer_source':
      return profile.transferSource
    case 'context':
      return profile.context
    case 'chan_name':
      return profile.channelName
    default:
      return undefined
  }
}
