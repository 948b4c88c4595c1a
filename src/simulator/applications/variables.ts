import type { Channel } from '../channel.ts'
import { separateString } from '../separate-string.ts'
import type { Applications } from './application.ts'

const setOne = (channel: Channel, text: string): void => {
  const equals = text.indexOf('=')
  const [name, value] =
    equals < 0 ? [text, undefined] : [text.slice(0, equals).trim(), text.slice(equals + 1).trim()]
  // mod_dptools.c, base_set: `_undef_` unsets.
  if (name !== '') channel.set(name, value === '_undef_' ? undefined : value)
}

const exportTo = (list: 'export_vars' | 'bridge_export_vars', channel: Channel, text: string): void => {
  const local = text.startsWith('nolocal:')
  const rest = local ? text.slice('nolocal:'.length) : text
  const equals = rest.indexOf('=')
  const name = equals < 0 ? rest : rest.slice(0, equals)
  const value = equals < 0 ? undefined : rest.slice(equals + 1)
  if (name === '') return
  // switch_channel_export_variable: without a local copy the value is kept under its full, prefixed name.
  channel.set(local ? `nolocal:${name}` : name, value)
  const listed = local ? `nolocal:${name}` : name
  const names = channel.variables.get(list)?.split(',') ?? []
  if (!names.includes(listed)) channel.set(list, [...names, listed].join(','))
}

export const variableApplications: Applications = {
  set: { run: ({ channel, argument }) => setOne(channel, argument) },
  multiset: {
    run: ({ channel, argument }) => {
      for (const pair of separateString(argument, ' ')) setOne(channel, pair)
    },
  },
  unset: { run: ({ channel, argument }) => channel.set(argument.trim(), undefined) },
  multiunset: {
    run: ({ channel, argument }) => {
      for (const name of separateString(argument, ' ')) channel.set(name, undefined)
    },
  },
  export: { run: ({ channel, argument }) => exportTo('export_vars', channel, argument) },
  bridge_export: { run: ({ channel, argument }) => exportTo('bridge_export_vars', channel, argument) },
  set_global: {
    run: ({ exchange, argument }) => {
      const equals = argument.indexOf('=')
      if (equals > 0) exchange.globals.set(argument.slice(0, equals), argument.slice(equals + 1))
    },
  },
  push: {
    run: ({ channel, argument }) => {
      const equals = argument.indexOf('=')
      if (equals > 0) channel.push(argument.slice(0, equals), argument.slice(equals + 1))
    },
  },
}
