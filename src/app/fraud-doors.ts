/** The doors of toll fraud, joined to the tables. The engine hears of every change by the notice of its table. */
import type { FraudRule } from '../directory/fraud-records.ts'
import type { FraudDoors, ToldFraudRule } from '../http/fraud-doors.ts'
import type { Database } from '../store/database.ts'
import { acknowledgeAlert, addBlock, listAlerts, listBlocks, releaseBlock } from '../store/fraud-alerts.ts'
import { listPrefixes } from '../store/fraud-rows.ts'
import {
  addPrefix,
  addRule,
  changeRule,
  findPrefix,
  findRule,
  hoursOf,
  listRules,
  removePrefix,
  removeRule,
  setPin,
} from '../store/fraud-writes.ts'

export const createFraudDoors = (database: Database): FraudDoors => {
  const told = async (rules: readonly FraudRule[]): Promise<readonly ToldFraudRule[]> => {
    const hours = await hoursOf(
      database,
      rules.map(({ id }) => id),
    )
    return rules.map((rule) => ({ ...rule, hours: hours.get(rule.id) ?? [] }))
  }
  const find = async (bound: number | undefined, id: number): Promise<ToldFraudRule | undefined> => {
    const rule = await findRule(database, bound, id)
    return rule === undefined ? undefined : (await told([rule]))[0]
  }
  return {
    rules: {
      list: async (organizationId) => told(await listRules(database, organizationId)),
      find,
      add: async (organizationId, settings) =>
        find(organizationId, await addRule(database, organizationId, settings)),
      change: async (bound, id, settings) =>
        (await changeRule(database, bound, id, settings)) ? find(bound, id) : undefined,
      remove: (bound, id) => removeRule(database, bound, id),
    },
    prefixes: {
      list: (organizationId) => listPrefixes(database, organizationId),
      add: async (organizationId, row) =>
        findPrefix(database, await addPrefix(database, organizationId, row)),
      remove: (bound, id) => removePrefix(database, bound, id),
    },
    alerts: {
      list: (filter) => listAlerts(database, filter),
      acknowledge: (bound, id, by, note) => acknowledgeAlert(database, bound, id, by, note),
    },
    blocks: {
      list: (organizationId, options) => listBlocks(database, organizationId, options),
      add: (block) => addBlock(database, { ...block, ruleId: undefined }),
      release: (bound, id, by) => releaseBlock(database, bound, id, by),
    },
    setPin: (owner, pin) => setPin(database, owner, pin),
  }
}
