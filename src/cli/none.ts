/** Options that take `none`: a value that is taken away. Commander makes an empty text of a parsed value that is null. */
const NONE = Symbol('none')

export const orNone =
  <Value>(parse: (text: string) => Value) =>
  (text: string): Value | typeof NONE =>
    text === 'none' ? NONE : parse(text)

/** The options as the API takes them: null where `none` was said. */
export const noneAsNull = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [name, value === NONE ? null : value]))
