import assert from 'node:assert/strict'
import type { Organization } from '../../src/directory/records.ts'
import { callerOf, organizationOf } from '../../src/sip/redirect-organization.ts'
import { organization } from '../support/snapshot.ts'

const ACME = organization({ id: 1, sipDomain: 'acme.test' })
const OTHER = organization({ id: 2, sipDomain: 'other.test' })

const directoryOf = (organizations: readonly Organization[]): Parameters<typeof organizationOf>[1] => ({
  organization: (id) => organizations.find((one) => one.id === id),
  organizationOfDomain: (domain) => organizations.find((one) => one.sipDomain === domain),
  organizations: () => organizations,
})

suite('sip: for whom a switch asks', () => {
  const row = (
    sentence: string,
    domains: readonly string[],
    organizationId: number | undefined,
    organizations: readonly Organization[],
    found: number | undefined,
  ): void => {
    test(sentence, () => {
      const ask = { organizationDomains: domains, organizationId }
      assert.equal(organizationOf(ask, directoryOf(organizations))?.id, found)
    })
  }
  const both = [ACME, OTHER]
  row('the domain of the Request-URI', ['other.test', 'acme.test'], undefined, both, 2)
  row('the domain of From', ['10.0.0.1', 'acme.test'], undefined, both, 1)
  row('a domain comes before the header', ['acme.test'], 2, both, 1)
  row('the header', ['10.0.0.1'], 2, both, 2)
  row('a header that names nobody', ['10.0.0.1'], 9, both, undefined)
  row('a header that names nobody, where there is only one', ['10.0.0.1'], 9, [ACME], undefined)
  row('the only one', ['10.0.0.1'], undefined, [ACME], 1)
  row('one of two, unnamed', ['10.0.0.1'], undefined, both, undefined)
  row('none', [], undefined, [], undefined)
})

suite("sip: the caller's number", () => {
  const row = (sent: string | undefined, number: string | undefined): void => {
    test(`${sent ?? 'none'} is ${number ?? 'none'}`, () =>
      assert.equal(callerOf({ callerNumber: sent }, { country: 'GB' }), number))
  }
  row('+442079460000', '+442079460000')
  row('02079460000', '+442079460000')
  row('442079460000', '+442079460000')
  row('0049301234567', '+49301234567')
  row('101', undefined)
  row('99999999999999999999', undefined)
  row(undefined, undefined)
})
