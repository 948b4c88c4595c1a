/**
 * Whether a callee sees the number (CLIR), and the codes that say so when they are dialled before a number. Who speaks
 * first is heard: the program that asked for the call, the code, the phone's own Privacy header (RFC 3323), the user's
 * setting. An emergency call is never withheld: plan-caller-id.ts sees to it.
 */
import type { Presentation } from '../directory/caller-id-records.ts'
import type { Country } from '../telephony/e164.ts'

export type DialledPresentation = {
  /** What is left to dial. */
  readonly dialled: string
  /** Undefined: no code was dialled. */
  readonly presentation: Presentation | undefined
}

/** A code alone is no call: it stays what it is. `isNumber`: what was dialled is a number as it stands (an extension). */
export const readPresentationCode = (
  dialled: string,
  country: Country,
  isNumber: (dialled: string) => boolean = () => false,
): DialledPresentation => {
  const compact = dialled.replace(/[\s().-]/g, '')
  if (!isNumber(compact)) {
    for (const [code, presentation] of [...ANYWHERE, ...(BY_COUNTRY[country] ?? [])]) {
      // What follows is a number: *6712 would be a feature code of somebody's own.
      if (compact.startsWith(code) && /^\+?\d{3,20}$/.test(compact.slice(code.length)))
        return { dialled: compact.slice(code.length), presentation }
    }
  }
  return { dialled, presentation: undefined }
}

type Code = readonly [code: string, presentation: Presentation]

/** 3GPP TS 22.030, 6.5.4 (#31#, *31#), and North America's vertical service codes: neither begins like a number. */
const ANYWHERE: readonly Code[] = [
  ['#31#', 'withheld'],
  ['*31#', 'allowed'],
  ['*67', 'withheld'],
  ['*82', 'allowed'],
]

/** Digits alone, which would be part of a number elsewhere. */
const BY_COUNTRY: Readonly<Partial<Record<Country, readonly Code[]>>> = {
  GB: [
    ['141', 'withheld'],
    ['1470', 'allowed'],
  ],
  IE: [
    ['141', 'withheld'],
    ['142', 'allowed'],
  ],
  AU: [
    ['1831', 'withheld'],
    ['1832', 'allowed'],
  ],
}

/** RFC 3323, RFC 3325: each of these asks that nobody learns who calls. */
export const isPrivacyAsked = (privacyHeader: string | undefined): boolean =>
  privacyHeader !== undefined && /(?:^|[\s:;,])(?:id|user|header)(?:$|[\s;,])/i.test(privacyHeader)

export type PresentationAsk = {
  readonly wish: boolean | undefined
  readonly dialled: Presentation | undefined
  readonly phone: boolean
  readonly user: Presentation | undefined
}

/** Whether the number is withheld, and who said so; undefined where nobody did. */
export const presentationOf = ({
  wish,
  dialled,
  phone,
  user,
}: PresentationAsk): { readonly withheld: boolean; readonly who: string | undefined } => {
  if (wish !== undefined) return { withheld: wish, who: 'asked for with the call' }
  if (dialled !== undefined) return { withheld: dialled === 'withheld', who: 'dialled' }
  if (phone) return { withheld: true, who: "the phone's Privacy header" }
  return user === 'withheld'
    ? { withheld: true, who: "the user's setting" }
    : { withheld: false, who: undefined }
}
