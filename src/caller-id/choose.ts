/**
 * The number that a callee sees. The first that may be shown wins: asked for with the call, what the organisation says
 * for this destination, the user's own, his direct number, the organisation's for such destinations, its default, its
 * main number. Then local presence may put a number of the callee's own country in its place.
 *
 * A number may be shown when it is the organisation's own, when its owner proved that it is his, or when a carrier
 * vouches for it (then over that carrier only: per-carrier.ts). One that may not is passed over and says so.
 */
import type { CallerIdRule } from '../directory/caller-id-records.ts'
import type { Directory } from '../directory/directory.ts'
import type { Organization, User } from '../directory/records.ts'
import { digitsOf, parseNumber, type Country, type E164 } from '../telephony/e164.ts'

export type CallerIdChoice = {
  readonly number: E164 | undefined
  readonly trace: readonly string[]
  /** Whose turns decided: taken when the choice is used. */
  readonly shares?: readonly (readonly Share[])[] | undefined
}

/** A number of a rule that has several, and what it counts for. */
export type Share = { readonly id: number; readonly weight: number }

/** Where the call goes, for rules that ask. */
export type Toward = {
  readonly number: E164
  readonly country: Country | undefined
  /** Ids in the order of their turns; reading takes none. */
  readonly orderOf: (shares: readonly Share[]) => readonly number[]
}

/** What was asked for, as a number that may be shown, or the reason why not. */
export type RequestedCallerId =
  { readonly ok: true; readonly number: E164 } | { readonly ok: false; readonly why: string }

export const checkCallerId = (
  requested: string,
  organization: Organization,
  directory: Directory,
  user?: Pick<User, 'id'>,
): RequestedCallerId => {
  const parsed = parseNumber(requested, organization.country)
  if (parsed === undefined)
    return { ok: false, why: `caller ID "${requested.slice(0, 40)}" is no telephone number` }
  if (standingOf(parsed.number, organization, user, directory) === undefined) {
    return { ok: false, why: `caller ID ${parsed.number} is not a number of ${organization.name}` }
  }
  return { ok: true, number: parsed.number }
}

/** Why a number may be shown: it is the organisation's, it was proved, or a carrier vouches for it. */
export type Standing = 'owned' | 'verified' | 'listed'

/** Undefined: it may not. A number of another organisation never may, whoever vouches for it. */
export const standingOf = (
  number: E164,
  { id }: Pick<Organization, 'id'>,
  user: Pick<User, 'id'> | undefined,
  directory: Directory,
): Standing | undefined => {
  const ddi = directory.ddi(number)
  if (ddi !== undefined) return ddi.organizationId === id ? 'owned' : undefined
  if (directory.callerIds.verified(id, user?.id, number) !== undefined) return 'verified'
  return directory.callerIds.isListed(id, number) ? 'listed' : undefined
}

export const chooseCallerId = (
  organization: Organization,
  user: User | undefined,
  requested: E164 | undefined,
  directory: Directory,
  toward?: Toward,
): CallerIdChoice => {
  const context = { organization, user, directory, toward }
  const trace: string[] = []
  for (const { number, whose, shares } of candidates(requested, context)) {
    if (number === undefined) continue
    if (standingOf(number, organization, user, directory) === undefined) {
      trace.push(`caller ID ${number} (${whose}) is not a number of the organisation's: passed over`)
      continue
    }
    const local = localPresence(number, number === requested, context)
    return local === undefined
      ? { number, trace: [...trace, `caller ID ${number} (${whose})`], shares }
      : {
          number: local.number,
          trace: [...trace, `caller ID ${local.number} (${local.whose} ${number})`],
          shares: local.shares,
        }
  }
  return { number: undefined, trace: [...trace, 'no caller ID: the organisation has no number of its own'] }
}

type Context = {
  readonly organization: Organization
  readonly user: User | undefined
  readonly directory: Directory
  readonly toward: Toward | undefined
}

type Candidate = {
  readonly number: E164 | undefined
  readonly whose: string
  readonly shares?: readonly (readonly Share[])[] | undefined
}

/** Lazily: most calls end with one of the first, and rules are asked for last. */
function* candidates(requested: E164 | undefined, context: Context): Generator<Candidate> {
  const { organization, user, directory } = context
  if (requested !== undefined) yield { number: requested, whose: 'asked for with the call' }
  yield* ofRule('override', context)
  if (user !== undefined) {
    yield { number: user.callerId, whose: `of user ${user.extension}` }
    yield { number: directory.ddisOf(user.id)[0]?.number, whose: `rings user ${user.extension}` }
  }
  yield* ofRule('default', context)
  yield { number: organization.defaultCallerId, whose: `of ${organization.name}` }
  yield { number: organization.mainNumber, whose: `the main number of ${organization.name}` }
}

function* ofRule(kind: 'override' | 'default', context: Context): Generator<Candidate> {
  const { toward, directory, organization } = context
  if (toward === undefined) return
  const rule = directory.callerIds.ruleFor(organization.id, kind, digitsOf(toward.number), toward.country)
  if (rule === undefined) return
  const turn = turnOf(rule, context, toward)
  const whose = `of ${organization.name} for ${rule.country ?? `+${rule.prefix ?? ''}`}`
  // Where none may be shown the first says so in the trace.
  yield turn === undefined ? { number: rule.numbers[0], whose } : { ...turn, whose }
}

/** A number of where the callee is, instead of `base`, which is from elsewhere. */
const localPresence = (base: E164, wasRequested: boolean, context: Context): Candidate | undefined => {
  const { toward, directory, organization } = context
  if (toward === undefined) return undefined
  const digits = digitsOf(toward.number)
  const rule = directory.callerIds.ruleFor(organization.id, 'local-presence', digits, toward.country)
  if (rule === undefined || (wasRequested && !rule.replacesRequested)) return undefined
  const isLocal =
    rule.prefix === undefined
      ? parseNumber(base, organization.country)?.country === toward.country
      : digitsOf(base).startsWith(rule.prefix)
  if (isLocal) return undefined
  const turn = turnOf(rule, context, toward)
  const where = rule.country ?? `+${rule.prefix ?? ''}`
  return turn === undefined ? undefined : { ...turn, whose: `local presence in ${where} instead of` }
}

/** The number of the rule whose turn it is, of those that may be shown. */
const turnOf = (
  rule: CallerIdRule,
  { organization, user, directory }: Context,
  toward: Toward,
): { readonly number: E164; readonly shares?: readonly (readonly Share[])[] } | undefined => {
  const shown = rule.numbers.filter(
    (number) => standingOf(number, organization, user, directory) !== undefined,
  )
  const [only] = shown
  if (only === undefined || shown.length === 1) return only === undefined ? undefined : { number: only }
  // Below zero: LCR rules, which take turns in the same table, have ids from 1.
  const idOf = (index: number): number => -(rule.id * MOST_NUMBERS + index + 1)
  const shares = shown.map((_number, index): Share => ({ id: idOf(index), weight: 1 }))
  const [first] = toward.orderOf(shares)
  const index = shares.findIndex(({ id }) => id === first)
  return { number: shown[index] ?? only, shares: [shares] }
}

const MOST_NUMBERS = 64
