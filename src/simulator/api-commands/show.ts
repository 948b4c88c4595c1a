import type { Channel } from '../channel.ts'
import type { Exchange } from '../exchange.ts'
import { stampOf } from '../fired-event.ts'
import { words, type ApiCommands } from './command.ts'

type Row = Readonly<Record<string, string>>

/** The columns of the table `channels` (switch_core_sqldb.c), in its order. */
const channelRow = (exchange: Exchange, channel: Channel): Row => {
  const { profile } = channel
  const first = channel.profiles.at(-1) ?? profile
  const media = channel.direction === 'inbound' || channel.answered || channel.earlyMedia
  const current = channel.variables.get('current_application') ?? ''
  return {
    uuid: channel.uuid,
    direction: channel.direction,
    created: stampOf(first.times.created),
    created_epoch: String(Math.floor(first.times.created / 1e6)),
    name: channel.name,
    state: channel.state,
    cid_name: profile.callerIdName,
    cid_num: profile.callerIdNumber,
    ip_addr: profile.networkAddr,
    dest: profile.destinationNumber,
    application: current,
    application_data: current === '' ? '' : (channel.variables.get('current_application_data') ?? ''),
    dialplan: profile.dialplan,
    context: profile.context,
    read_codec: media ? 'PCMA' : '',
    read_rate: media ? '8000' : '',
    read_bit_rate: media ? '64000' : '',
    write_codec: media ? 'PCMA' : '',
    write_rate: media ? '8000' : '',
    write_bit_rate: media ? '64000' : '',
    secure: '',
    hostname: exchange.hostname,
    presence_id: channel.variables.get('presence_id') ?? '',
    presence_data: channel.variables.get('presence_data') ?? '',
    accountcode: channel.variables.get('accountcode') ?? '',
    callstate: channel.callState,
    callee_name: profile.calleeIdName,
    callee_num: profile.calleeIdNumber,
    callee_direction: channel.bridgedTo === undefined ? '' : 'SEND',
    call_uuid: channel.variables.get('call_uuid') ?? channel.uuid,
    sent_callee_name: channel.bridgedTo?.profile.calleeIdName ?? '',
    sent_callee_num: channel.bridgedTo?.profile.calleeIdNumber ?? '',
    initial_cid_name: first.callerIdName,
    initial_cid_num: first.callerIdNumber,
    initial_ip_addr: first.networkAddr,
    initial_dest: first.destinationNumber,
    initial_dialplan: first.dialplan,
    initial_context: first.context,
  }
}

const CALL_COLUMNS = [
  'uuid',
  'direction',
  'created',
  'created_epoch',
  'name',
  'state',
  'cid_name',
  'cid_num',
  'ip_addr',
  'dest',
  'presence_id',
  'presence_data',
  'accountcode',
  'callstate',
  'callee_name',
  'callee_num',
  'callee_direction',
  'call_uuid',
  'hostname',
  'sent_callee_name',
  'sent_callee_num',
] as const
const OTHER_COLUMNS = CALL_COLUMNS.filter((name) => name !== 'call_uuid' && name !== 'hostname')

/** basic_calls: one row a bridged pair, and one for each channel that talks with nobody. */
const callRows = (exchange: Exchange): readonly Row[] => {
  const rows: Row[] = []
  const paired = new Set<Channel>()
  for (const channel of exchange.channels.values()) {
    if (paired.has(channel)) continue
    const other = channel.bridgedTo
    const row = channelRow(exchange, channel)
    const otherRow = other === undefined ? undefined : channelRow(exchange, other)
    if (other !== undefined) paired.add(other)
    const bridged = Math.floor(channel.profile.times.bridged / 1e6)
    rows.push({
      ...Object.fromEntries(CALL_COLUMNS.map((name) => [name, row[name] ?? ''])),
      ...Object.fromEntries(OTHER_COLUMNS.map((name) => [`b_${name}`, otherRow?.[name] ?? ''])),
      call_created_epoch: other === undefined ? '' : String(bridged),
    })
  }
  return rows
}

const registrationRows = (exchange: Exchange): readonly Row[] =>
  exchange.registrations.all().map((registration) => ({
    reg_user: registration.username,
    realm: registration.domain,
    token: registration.callId,
    url: `sofia/${registration.profile}/${registration.contact}`,
    expires: String(Math.floor(registration.registeredAt / 1000) + 3600),
    network_ip: registration.networkIp,
    network_port: String(registration.networkPort),
    network_proto: 'udp',
    hostname: exchange.hostname,
    metadata: '',
  }))

const rowsOf = (exchange: Exchange, what: string): readonly Row[] | undefined => {
  switch (what) {
    case 'channels':
      return [...exchange.channels.values()].map((channel) => channelRow(exchange, channel))
    case 'calls':
      return callRows(exchange)
    case 'bridged_calls':
      return callRows(exchange).filter((row) => row['b_uuid'] !== '')
    case 'registrations':
      return registrationRows(exchange)
    case 'tasks':
      return exchange.tasks.all().map(({ id, group, runsAtSeconds }) => ({
        task_id: String(id),
        task_desc: 'sched_api_function',
        task_group: group,
        task_runtime: String(runsAtSeconds),
        task_sql_manager: '0',
        hostname: exchange.hostname,
      }))
    default:
      return undefined
  }
}

export const showCommands: ApiCommands = {
  show: ({ exchange, argument }) => {
    const [what = '', ...rest] = words(argument)
    const rows = rowsOf(exchange, what)
    if (rows === undefined)
      return '-USAGE: channels|calls|bridged_calls|registrations|tasks [count] [as json]\n'
    const json = rest.join(' ').endsWith('as json')
    if (rest[0] === 'count')
      return json ? JSON.stringify({ row_count: rows.length }) : `\n${rows.length} total.\n`
    // An empty list has no `rows` at all.
    if (json)
      return rows.length === 0 ? '{"row_count": 0}\n' : JSON.stringify({ row_count: rows.length, rows })
    const [first] = rows
    const lines =
      first === undefined
        ? []
        : [Object.keys(first).join(','), ...rows.map((row) => Object.values(row).join(','))]
    return `${lines.map((line) => `${line}\n`).join('')}\n${rows.length} total.\n`
  },
}
