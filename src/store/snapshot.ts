/**
 * The routing snapshot: everything but rates that a decision may read, as it was at one moment of the database.
 *
 * A row that cannot become a domain value is left out and reported, and so is what hangs on it: one bad secret
 * must not take the platform down. What the snapshot holds is therefore complete: every id in it resolves.
 */
import type { Device, Snapshot } from '../directory/records.ts'
import { asError } from '../base/errors.ts'
import {
  CALLER_ID_RULES,
  CARRIER_NUMBERS,
  toCallerIdRule,
  toCarrierNumber,
  toVerifiedNumber,
  VERIFIED_NUMBERS,
  type CallerIdRuleRow,
  type CarrierNumberRow,
  type VerifiedNumberRow,
} from './caller-id-rows.ts'
import type { Database } from './database.ts'
import {
  DEVICES,
  NUMBERS,
  ORGANIZATIONS,
  toNumber,
  toOrganization,
  toUser,
  USERS,
  type NumberRow,
  type OrganizationRow,
  type UserRow,
} from './organization-rows.ts'
import { currentExchangeRates } from './exchange-rates.ts'
import { loadFraudRows } from './fraud-rows.ts'
import { QUOTAS, toQuota, type QuotaRow } from './quota-rows.ts'
import { loadRecordingRows } from './recording-policy-rows.ts'
import { TAX_RATES, toTaxRate, type TaxRateRow } from './tax-rates.ts'
import {
  BLOCKED_PREFIXES,
  CARRIERS,
  GATEWAYS,
  LCR_PROFILES,
  LCR_ROUTES,
  toBlockedPrefix,
  toCarrier,
  toGateway,
  toProfile,
  toRoute,
  type BlockedPrefixRow,
  type CarrierRow,
  type GatewayRow,
  type ProfileRow,
  type RouteRow,
} from './routing-rows.ts'

/** A row that is not in the snapshot. */
export type SnapshotProblem = {
  readonly table: string
  readonly id: number
  readonly why: string
}

export type LoadedSnapshot = { readonly snapshot: Snapshot; readonly problems: readonly SnapshotProblem[] }

/** Throws STORE_UNAVAILABLE. */
export const loadSnapshot = (
  database: Database,
  masterKeys: Buffer | readonly Buffer[],
): Promise<LoadedSnapshot> =>
  database.transaction(async (on) => {
    const problems: SnapshotProblem[] = []
    const keep = <Row extends { readonly id: number }, Value>(
      table: string,
      rows: readonly Row[],
      toValue: (row: Row) => Value,
    ): Value[] => {
      const values: Value[] = []
      for (const row of rows) {
        try {
          values.push(toValue(row))
        } catch (fault) {
          problems.push({ table, id: row.id, why: asError(fault).message })
        }
      }
      return values
    }

    const organizations = keep(
      'organizations',
      await on.query<OrganizationRow>(ORGANIZATIONS),
      toOrganization,
    )
    const organizationIds = idsOf(organizations)
    const isOffered = (owner: number | undefined): boolean =>
      owner === undefined || organizationIds.has(owner)
    const users = keep('users', await on.query<UserRow>(USERS), toUser).filter((row) =>
      organizationIds.has(row.organizationId),
    )
    const userIds = idsOf(users)
    const devices = await on.query<Device>(DEVICES)
    const numbers = keep('numbers', await on.query<NumberRow>(NUMBERS), toNumber)
    const carriers = (await on.query<CarrierRow>(CARRIERS))
      .map(toCarrier)
      .filter((row) => isOffered(row.organizationId))
    const carrierIds = idsOf(carriers)
    const gateways = keep('gateways', await on.query<GatewayRow>(GATEWAYS), (row) =>
      toGateway(row, masterKeys),
    ).filter((row) => carrierIds.has(row.carrierId))
    const gatewayIds = idsOf(gateways)
    const lcrProfiles = keep('lcr_profiles', await on.query<ProfileRow>(LCR_PROFILES), toProfile).filter(
      (row) => isOffered(row.organizationId),
    )
    const profileIds = idsOf(lcrProfiles)
    const lcrRoutes = keep('lcr_routes', await on.query<RouteRow>(LCR_ROUTES), toRoute)
    const blockedPrefixes = keep(
      'blocked_prefixes',
      await on.query<BlockedPrefixRow>(BLOCKED_PREFIXES),
      toBlockedPrefix,
    ).filter((row) => isOffered(row.organizationId))
    const quotas = keep('quotas', await on.query<QuotaRow>(QUOTAS), toQuota)
    const ofOrganization = (row: { readonly organizationId: number }): boolean =>
      organizationIds.has(row.organizationId)
    const callerIds = {
      rules: keep('caller_id_rules', await on.query<CallerIdRuleRow>(CALLER_ID_RULES), toCallerIdRule).filter(
        ofOrganization,
      ),
      verified: keep(
        'caller_id_verifications',
        await on.query<VerifiedNumberRow>(VERIFIED_NUMBERS),
        toVerifiedNumber,
      ).filter(ofOrganization),
      carrierNumbers: keep(
        'carrier_caller_ids',
        await on.query<CarrierNumberRow>(CARRIER_NUMBERS),
        toCarrierNumber,
      ).filter(ofOrganization),
    }
    const taxRates = keep('tax_rates', await on.query<TaxRateRow>(TAX_RATES), toTaxRate)
    const exchangeRates = await currentExchangeRates(on)
    const recording = await loadRecordingRows(on, organizationIds)
    const fraud = await loadFraudRows(on, (problem) => problems.push(problem))
    const snapshot: Snapshot = {
      fraud,
      recording,
      taxRates,
      exchangeRates,
      callerIds,
      organizations,
      quotas,
      users,
      devices: devices.filter((row) => userIds.has(row.userId)),
      numbers: numbers.filter((row) => userIds.has(row.userId)),
      carriers,
      gateways,
      lcrProfiles,
      lcrRoutes: lcrRoutes.filter((row) => profileIds.has(row.profileId) && gatewayIds.has(row.gatewayId)),
      blockedPrefixes,
    }
    return { snapshot, problems }
  }, 'snapshot')

const idsOf = (rows: readonly { readonly id: number }[]): ReadonlySet<number> =>
  new Set(rows.map(({ id }) => id))
