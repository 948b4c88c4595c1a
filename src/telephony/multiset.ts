/**
 * Several channel variables in one application: each one that runs costs the switch two events with everything that
 * the channel carries. `multiset` takes any character as its separator, and reads quotes, backslashes and outer
 * blanks (switch_utils.c, switch_separate_string), which `set` leaves as they are; `${...}` is expanded before it
 * separates anything. A setting that has one of these is a `set` of its own.
 */

/** Actions that set `settings` (`name=value`; an empty value removes the variable) in their order, as `set` would. */
export const settingActions = (
  settings: readonly string[],
): readonly (readonly ['set' | 'multiset', string])[] => {
  const actions: (readonly ['set' | 'multiset', string])[] = []
  let together: string[] = []
  const flush = (): void => {
    const separator = SEPARATORS.find((each) => together.every((setting) => !setting.includes(each)))
    if (together.length < 2 || separator === undefined) actions.push(...together.map(set))
    else actions.push(['multiset', `^^${separator}${together.join(separator)}`])
    together = []
  }
  for (const setting of settings) {
    if (!isPlain(setting)) {
      flush()
      actions.push(set(setting))
      continue
    }
    together.push(setting)
    if (together.length === MOST_TOGETHER) flush()
  }
  flush()
  return actions
}

const set = (setting: string): readonly ['set', string] => ['set', setting]

const isPlain = (setting: string): boolean =>
  setting !== '' && setting.trim() === setting && !/['\\]|\$\{/.test(setting)

const SEPARATORS: readonly string[] = ['|', '~', '#', ';', '!']

/** mod_dptools.c, multiset_function: what is beyond its array of 256 would be part of the last value. */
const MOST_TOGETHER = 200
