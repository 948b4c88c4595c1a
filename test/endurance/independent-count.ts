/**
 * What the records of a switch add up to, counted from the posts themselves. Nothing of the engine is used: another
 * reading of the same documents, with fractions instead of its money, so that a mistake in one is not in both.
 */

export type Counted = {
  readonly uuid: string
  readonly billableSeconds: number
  /** In 10^-8 of the currency. */
  readonly cost: bigint
}

export const countPost = (body: Buffer): Counted => {
  const { variables } = JSON.parse(body.toString('latin1')) as { variables: Readonly<Record<string, string>> }
  const plain = (name: string): string => decodeURIComponent(variables[name] ?? '')
  const answered = BigInt(plain('answer_uepoch') || '0')
  const ended = BigInt(plain('end_uepoch'))
  const seconds = answered === 0n ? 0n : max(1n, roundedUp(ended - answered, 1_000_000n))
  return {
    uuid: plain('uuid').toLowerCase(),
    billableSeconds: Number(seconds),
    cost: costOf(plain('strowger_attempt'), seconds),
  }
}

type Tariff = {
  readonly pricePerMinute: number
  readonly connectionFee: number
  readonly minimumSeconds?: number
  readonly firstIncrementSeconds: number
  readonly nextIncrementSeconds: number
}

const costOf = (carried: string, seconds: bigint): bigint => {
  if (carried === '' || seconds === 0n) return 0n
  const attempt = JSON.parse(Buffer.from(carried, 'base64url').toString('utf8')) as {
    rate?: { tariff: Tariff } | null
  }
  const tariff = attempt.rate?.tariff
  if (tariff === undefined) return 0n
  const [first, next] = [BigInt(tariff.firstIncrementSeconds), BigInt(tariff.nextIncrementSeconds)]
  const wanted = max(seconds, BigInt(tariff.minimumSeconds ?? 0))
  const charged = wanted <= first ? first : first + roundedUp(wanted - first, next) * next
  const product = BigInt(tariff.pricePerMinute) * charged
  // Half away from zero, once a call.
  return BigInt(tariff.connectionFee) + (product * 2n + 60n) / 120n
}

const max = (one: bigint, other: bigint): bigint => (one > other ? one : other)

const roundedUp = (amount: bigint, by: bigint): bigint => (amount <= 0n ? 0n : (amount + by - 1n) / by)
