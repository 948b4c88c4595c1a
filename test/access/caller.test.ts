import assert from 'node:assert/strict'
import { ADMIN, mayDo, mayGive, SCOPES, TENANT_SCOPES, type Caller } from '../../src/access/caller.ts'

const holder = (organizationId: number | undefined): Caller => ({
  name: 'x',
  organizationId,
  userId: undefined,
  scopes: new Set(),
})

suite('access: what a caller may do', () => {
  const reader: Caller = { ...holder(2), scopes: new Set(['cdrs:read']) }
  const everything: Caller = { ...holder(2), scopes: new Set(SCOPES) }
  const platformReader: Caller = { ...holder(undefined), scopes: new Set(['platform:read']) }
  const rows: readonly (readonly [string, Caller, Parameters<typeof mayDo>[1], boolean])[] = [
    ['the admin may do what no scope is named for', ADMIN, undefined, true],
    ['the admin who named an organisation may not', { ...ADMIN, organizationId: 2 }, undefined, false],
    ['nobody else may', platformReader, undefined, false],
    ['a scope is enough for what it is for', reader, 'cdrs:read', true],
    ['and for nothing else', reader, 'calls:read', false],
    ['everybody may do what any token may', { ...reader, scopes: new Set() }, 'any', true],
    [
      'no organisation has the platform’s scopes, whatever its token says',
      everything,
      'platform:read',
      false,
    ],
    ['nor has the admin who named one', { ...ADMIN, organizationId: 2 }, 'platform:read', false],
    ['the platform’s own token has', platformReader, 'platform:read', true],
  ]
  for (const [sentence, caller, scope, may] of rows)
    test(sentence, () => assert.equal(mayDo(caller, scope), may))

  test('nobody gives away more than he has', () => {
    assert.equal(mayGive(reader, ['cdrs:read']), true)
    assert.equal(mayGive(reader, ['cdrs:read', 'calls:read']), false)
    assert.equal(mayGive(everything, ['platform:read']), false)
    assert.equal(mayGive(ADMIN, SCOPES), true)
  })

  test('an organisation can hold every scope but the platform’s', () => {
    assert.deepEqual(
      SCOPES.filter((scope) => !TENANT_SCOPES.includes(scope)),
      ['platform:read', 'platform:write'],
    )
  })
})
