/** The words in which SIP tells who calls. */

/** P-Asserted-Identity (RFC 3325), Remote-Party-ID (its draft, which some carriers never left), neither. */
export const IDENTITY_HEADERS = ['pai', 'rpid', 'none'] as const
export type IdentityHeader = (typeof IDENTITY_HEADERS)[number]

/** RFC 8588. A: we know the caller, and that the number is his. B: the caller, not the number. C: neither. */
export const ATTESTATIONS = ['A', 'B', 'C'] as const
export type Attestation = (typeof ATTESTATIONS)[number]
