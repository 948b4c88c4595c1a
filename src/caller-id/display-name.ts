/**
 * A name as it may stand in From. sofia cuts it at `" / : @` and percent-decodes it; FreeSWITCH expands `$`
 * and reads braces on the way: these never pass. 64 characters are more than any phone shows; none is cut in half.
 */
export const displayName = (name: string): string =>
  name
    // eslint-disable-next-line no-control-regex -- control characters are what is removed
    .replace(/[\u0000-\u001f\u007f"/:@${}<>\\]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 64)
    .replace(/[\ud800-\udbff]$/, '')
    .toWellFormed()
    .trimEnd()
    .replace(/%/g, '%25')
