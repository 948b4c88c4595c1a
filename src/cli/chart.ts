/** Bars in a terminal: plain characters, so that they survive a pipe, a mail and a log. */

export type Bar = { readonly label: string; readonly value: number | undefined; readonly told: string }

const SHORTEST = 10
const LONGEST_LABEL = 32

/**
 * One line a bar, as wide as `width` at the most: label, bar, figure. The longest bar is the largest value, or `full` where
 * the scale has an end (100 of percent). What has no value has no bar, and says so by `-`.
 */
export const chart = (bars: readonly Bar[], width: number, full?: number): readonly string[] => {
  const labels = Math.min(LONGEST_LABEL, longest(bars.map(({ label }) => label)))
  const figures = longest(bars.map(({ told }) => told))
  const room = Math.max(SHORTEST, width - labels - figures - 4)
  const most = full ?? bars.reduce((found, { value }) => Math.max(found, value ?? 0), 0)
  return bars.map(({ label, value, told }) => {
    const share = value === undefined || most <= 0 ? 0 : Math.min(1, Math.max(0, value / most))
    // Something is never drawn as nothing.
    const length = share === 0 ? 0 : Math.max(1, Math.round(share * room))
    const cut = label.length > labels ? `${label.slice(0, labels - 1)}~` : label
    return `${cut.padEnd(labels)}  ${'#'.repeat(length).padEnd(room)}  ${told.padStart(figures)}`
  })
}

const longest = (texts: readonly string[]): number =>
  texts.reduce((found, { length }) => Math.max(found, length), 0)
