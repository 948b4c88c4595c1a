/**
 * The calling code that digits begin with (ITU-T E.164, Annex to Operational Bulletin 1114): `44` of 442071. Digits
 * too short to tell are returned as they are. +1 and +7 are shared by several countries, and are one code here.
 */
export const callingCodeOf = (digits: string): string => {
  const first = digits.slice(0, 1)
  if (first === '1' || first === '7') return first
  const two = digits.slice(0, 2)
  return TWO_DIGITS.has(two) ? two : digits.slice(0, 3)
}

const TWO_DIGITS: ReadonlySet<string> = new Set(
  (
    '20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 ' +
    '90 91 92 93 94 95 98'
  ).split(' '),
)
