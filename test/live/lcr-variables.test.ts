/** Somebody's own dialplan asks for routes and bridges to them: its legs are recorded and rated as ours are. */
import assert from 'node:assert/strict'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { updateOrganization } from '../../src/store/organization-writes.ts'
import { addLcrProfile, addLcrRoute } from '../../src/store/routing-writes.ts'
import { ANSWERS, HANGS_UP, refuses, RINGS } from '../scenario/parties.ts'
import { CARRIERS, type CarrierName, type Party } from '../scenario/scenario.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { finalStatuses, invitesOf, type SipMessage, type SippParty } from './sipp.ts'
import { callerXml, partyXml } from './sipp-xml.ts'
import { TRUNK_ADDRESS } from './stage.ts'
import { CONFIGURATION } from './switch-process.ts'
import { explain } from './trunks.ts'

const NUMBER = '442079460150'

/** What calls of the trunks meet here: `auto-NUMBER` and so on. */
const THEIRS = `<include>
  <context name="theirs">
    <extension name="all of them">
      <condition field="destination_number" expression="^auto-(\\d+)$">
        <action application="set" data="lcr_profile=In order"/>
        <action application="set" data="hangup_after_bridge=true"/>
        <action application="execute_extension" data="$1 XML lcr"/>
        <action application="bridge" data="\${lcr_auto_route}"/>
      </condition>
    </extension>
    <extension name="by the organisation's profile">
      <condition field="destination_number" expression="^own-(\\d+)$">
        <action application="set" data="hangup_after_bridge=true"/>
        <action application="execute_extension" data="$1 XML lcr"/>
        <action application="bridge" data="\${lcr_auto_route}"/>
      </condition>
    </extension>
    <extension name="one by one">
      <condition field="destination_number" expression="^each-(\\d+)$">
        <action application="set" data="hangup_after_bridge=true"/>
        <action application="set" data="lcr_profile=In order"/>
        <action application="set" data="continue_on_fail=NORMAL_TEMPORARY_FAILURE"/>
        <action application="execute_extension" data="$1 XML lcr"/>
        <action application="bridge" data="\${lcr_route_1}"/>
        <action application="bridge" data="\${lcr_route_2}"/>
      </condition>
    </extension>
    <extension name="looks first">
      <condition field="destination_number" expression="^look-(\\d+)$">
        <action application="set" data="lcr_profile=In order"/>
        <action application="execute_extension" data="$1 XML lcr"/>
        <action application="execute_extension" data="go XML theirs"/>
      </condition>
    </extension>
    <extension name="looks first, by a profile that is none">
      <condition field="destination_number" expression="^nobody-(\\d+)$">
        <action application="set" data="lcr_profile=no such profile"/>
        <action application="execute_extension" data="$1 XML lcr"/>
        <action application="execute_extension" data="go XML theirs"/>
      </condition>
    </extension>
    <extension name="has looked">
      <condition field="destination_number" expression="^go$"/>
      <condition field="\${lcr_route_count}" expression="^[1-9]">
        <action application="bridge" data="\${lcr_auto_route}"/>
        <anti-action application="respond" data="480 said \${lcr_route_count} \${lcr_error}"/>
      </condition>
    </extension>
  </context>
</include>
`

const configuration = (folder: string): string => {
  const own = join(folder, 'configuration')
  cpSync(CONFIGURATION, own, { recursive: true })
  writeFileSync(join(own, 'dialplan', 'theirs.xml'), THEIRS)
  const trunks = join(own, 'sip_profiles', 'trunks.xml')
  const before = readFileSync(trunks, 'utf8')
  const after = before.replace(
    '<param name="context" value="trunks"/>',
    '<param name="context" value="theirs"/>',
  )
  assert.notEqual(after, before)
  writeFileSync(trunks, after)
  return own
}

live(
  'routes for a dialplan of their own',
  (stage) => {
    suiteSetup(async () => {
      const { database, house } = stage()
      const profileId = await addLcrProfile(database, { name: 'Backwards', strategy: 'PRIORITY' })
      for (const [priority, name] of [...CARRIERS].reverse().entries())
        await addLcrRoute(database, { profileId, gatewayId: house.gatewayIds[name], prefix: '', priority })
      await until('the switch has its gateways', async () =>
        (await stage().recorder.client.api('global_getvar', 'strowger_given')).includes('users:'),
      )
      // Whoever names no profile gets this one.
      await updateOrganization(database, house.organizationId, { lcrProfileId: profileId })
      await until('the profile is there', async () => (await explain(stage())).candidates[0] === 'Trunk C')
    })

    let parties = new Map<CarrierName, SippParty>()
    const play = async (given: Partial<Record<CarrierName, Party>>): Promise<void> => {
      for (const party of parties.values()) await party.stop()
      parties = new Map()
      for (const name of CARRIERS) {
        const xml = partyXml(given[name] ?? refuses(606))
        parties.set(name, await stage().sipp({ name: `lcr-${name}`, port: stage().ports.carrier[name], xml }))
      }
    }
    const invites = (): readonly { readonly name: CarrierName; readonly invite: SipMessage }[] =>
      [...parties]
        .flatMap(([name, party]) =>
          invitesOf(party.messages(), stage().stale).map((invite) => ({ name, invite })),
        )
        .sort((a, b) => a.invite.at - b.invite.at)
    /** Who was called, in order. */
    const invited = (): string =>
      invites()
        .map(({ name }) => name)
        .join('')

    const call = async (to: string): Promise<SipMessage> => {
      const caller = await stage().sipp({
        name: 'theirs',
        remote: `127.0.0.1:${stage().ports.trunks}`,
        address: TRUNK_ADDRESS,
        xml: callerXml({ user: '+33142685300', domain: 'carrier.test', to }),
      })
      await caller.done
      const final = finalStatuses(caller.messages()).at(-1)
      assert.ok(final)
      return final
    }

    type Row = {
      readonly leg: string
      readonly carrier: string | null
      readonly disposition: string
      readonly cost: string | null
    }
    /** The records of the test's only call, the caller first. */
    const records = (count: number): Promise<readonly Row[]> =>
      until('the records are stored', async () => {
        const rows = await stage().database.query<Row>(
          `SELECT leg, carrier_name AS carrier, disposition, trim_scale(total_cost)::text AS cost
           FROM call_detail_records WHERE leg_uuid = ANY($1::uuid[]) ORDER BY leg, carrier_name`,
          [[...stage().recorder.created()]],
        )
        return rows.length >= count && rows
      })
    const attempts = async (): Promise<readonly string[]> => {
      const rows = await stage().database.query<{ text: string }>(
        `SELECT concat_ws(' ', right(carrier_name, 1), outcome, cause) AS text FROM call_attempts
         WHERE a_leg_uuid = ANY($1::uuid[]) ORDER BY n`,
        [[...stage().recorder.created()]],
      )
      return rows.map(({ text }) => text)
    }

    test('lcr-auto-route: the first carrier fails, the second answers; carrier and cost stand in the records', async () => {
      await play({ A: refuses(503), B: HANGS_UP })
      assert.equal((await call(`auto-${NUMBER}`)).status, 200)
      assert.equal(invited(), 'AB')
      for (const { invite } of invites())
        assert.match(invite.firstLine, new RegExp(`^INVITE sip:\\+${NUMBER}@`))
      assert.deepEqual(await records(3), [
        { leg: 'A', carrier: null, disposition: 'ANSWERED', cost: null },
        { leg: 'B', carrier: 'Carrier A', disposition: 'FAILED', cost: '0' },
        { leg: 'B', carrier: 'Carrier B', disposition: 'ANSWERED', cost: '0.02' },
      ])
      assert.deepEqual(await attempts(), ['A FAILED NORMAL_TEMPORARY_FAILURE', 'B ANSWERED', 'C NOT_TRIED'])
    })

    test('lcr-auto-route-busy: joined by bars, the next carrier is rung after a busy callee too', async () => {
      await play({ A: refuses(486), B: HANGS_UP })
      assert.equal((await call(`auto-${NUMBER}`)).status, 200)
      assert.equal(invited(), 'AB')
      await records(3)
      assert.deepEqual(await attempts(), ['A FAILED USER_BUSY', 'B ANSWERED', 'C NOT_TRIED'])
    })

    test('lcr-routes-one-by-one: a busy callee ends the call, a failing carrier does not', async () => {
      await play({ A: refuses(486), B: ANSWERS })
      assert.equal((await call(`each-${NUMBER}`)).status, 486)
      assert.equal(invited(), 'A')
      await play({ A: refuses(503), B: HANGS_UP })
      assert.equal((await call(`each-${NUMBER}`)).status, 200)
      assert.equal(invited(), 'AB')
    })

    test('lcr-profile: a dialplan that names none gets the routes of the organisation', async () => {
      await play({ C: HANGS_UP })
      assert.equal((await call(`own-${NUMBER}`)).status, 200)
      assert.equal(invited(), 'C')
    })

    test('lcr-error: where nobody takes the number, or the profile is none, the dialplan can tell', async () => {
      await play({})
      const noPrefix = await call('look-34911234567')
      assert.match(noPrefix.firstLine, /480 said 0 NO_PREFIX$/)
      const noProfile = await call(`nobody-${NUMBER}`)
      assert.match(noProfile.firstLine, /480 said 0 PROFILE_NOT_FOUND$/)
      assert.equal(invited(), '')
      await play({ A: HANGS_UP })
      assert.equal((await call(`look-${NUMBER}`)).status, 200)
    })

    test('lcr-engine-away: the dialplan sees no routes and goes on', async () => {
      const { engine } = stage()
      await play({})
      await engine.kill()
      try {
        const final = await call(`look-${NUMBER}`)
        assert.match(final.firstLine, /480 said *$/)
      } finally {
        await engine.start()
      }
      assert.equal(invited(), '')
    })

    test('lcr-live: the call is on the board while it rings, and its gateway counts it', async () => {
      await play({ A: RINGS })
      const caller = await stage().sipp({
        name: 'theirs',
        remote: `127.0.0.1:${stage().ports.trunks}`,
        address: TRUNK_ADDRESS,
        xml: callerXml({
          user: '+33142685300',
          domain: 'carrier.test',
          to: `auto-${NUMBER}`,
          cancelAfterMs: 1_000,
        }),
      })
      const over = await until('the board has the leg', async () => {
        const { json } = await stage().engine.api('/v1/calls')
        const { calls } = json as { calls: { legs: { gateway: string | null }[] }[] }
        return calls.flatMap(({ legs }) => legs.flatMap(({ gateway }) => gateway ?? [])).at(0)
      })
      assert.equal(over, 'Trunk A')
      assert.equal(await caller.done, 0)
    })
  },
  { configuration },
)
