/** What may be asked for with a call: the variable SIP_CUSTOM_HEADERS. */
import type { Reader } from './reader.ts'

export type CallingConfig = {
  /** SIP headers that a request may add, beyond those that begin with X-; those of sofia's own are refused all the same. */
  readonly customHeaders: readonly string[]
}

export const readCalling = ({ list, problem }: Reader): CallingConfig => {
  const customHeaders = list('SIP_CUSTOM_HEADERS')
  for (const name of customHeaders)
    if (!/^[A-Za-z][A-Za-z0-9-]{1,63}$/.test(name))
      problem(`SIP_CUSTOM_HEADERS has "${name}": it takes names of SIP headers, separated by commas`)
  return { customHeaders }
}
