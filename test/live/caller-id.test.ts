/** Who calls, as carriers are told it: read from the INVITE that they received. */
import assert from 'node:assert/strict'
import type { GatewayFields } from '../../src/store/gateway-writes.ts'

import { HANGS_UP } from '../scenario/parties.ts'
import { SHOWN_NUMBER } from '../scenario/scenario.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { partyXml } from './sipp-xml.ts'
import type { SipMessage } from './sipp.ts'
import type { Stage } from './stage.ts'
import { addTrunk, layOut, placeCalls, putBack, SOMEBODY, type Trunk } from './trunks.ts'

const NATIONAL = `0${SOMEBODY.slice(3)}`
const WITHHELD = `141${NATIONAL}`
const BARE = SHOWN_NUMBER.slice(1)

/** What of an INVITE tells who calls. */
const told = (invite: SipMessage | undefined): Readonly<Record<string, string | undefined>> => ({
  from: invite?.header('From')?.replace(/;tag=.*/, ''),
  pai: invite?.header('P-Asserted-Identity'),
  rpid: invite?.header('Remote-Party-ID'),
  privacy: invite?.header('Privacy'),
})

type Rendering = 'dialplan' | 'conversation' | 'click-to-dial'
const RENDERINGS: readonly Rendering[] = ['dialplan', 'conversation', 'click-to-dial']

live('caller ID', (stage) => {
  const trunks: Trunk[] = []
  const trunkWith = async (gateway: Partial<GatewayFields>): Promise<Trunk> => {
    const trunk = await addTrunk(stage(), { gateway })
    trunks.push(trunk)
    return trunk
  }
  teardown(async function () {
    this.timeout(20_000)
    await putBack(stage(), trunks.splice(0))
  })

  /** A call of 1001 over one trunk with these settings: the INVITE that the carrier got, and all else that it was sent. */
  const callOver = async (
    gateway: Partial<GatewayFields>,
    to: string,
    rendering: Rendering = 'dialplan',
  ): Promise<SipMessage | undefined> => {
    const trunk = await trunkWith({
      ...gateway,
      ...(rendering === 'dialplan' ? {} : { failover: { believes: 'status', next: [403], stop: [] } }),
    })
    await layOut(stage(), { profile: { strategy: 'PRIORITY' }, routes: [{ over: trunk }] })
    await trunk.plays(HANGS_UP)
    await dial(stage(), to, rendering)
    return until('the carrier is called', () => trunk.invites()[0])
  }

  for (const rendering of RENDERINGS) {
    test(`shown, ${rendering}: From and P-Asserted-Identity have the number`, async () => {
      const { from, pai, rpid, privacy } = told(await callOver({}, SOMEBODY, rendering))
      assert.match(from ?? '', new RegExp(`^"Phone 1001" <sip:\\+${BARE}@`))
      assert.match(pai ?? '', new RegExp(`^"Phone 1001" <sip:\\+${BARE}@`))
      assert.equal(rpid, undefined)
      assert.equal(privacy, 'none')
    })

    test(`withheld, ${rendering}: a trusted gateway has the number in P-Asserted-Identity alone`, async () => {
      const invite = await callOver({ trustsIdentity: true }, WITHHELD, rendering)
      assert.deepEqual(told(invite), {
        from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
        pai: `<sip:+${BARE}@127.0.0.1>`,
        rpid: undefined,
        privacy: 'id',
      })
      assert.match(invite?.firstLine ?? '', new RegExp(`^INVITE sip:\\${SOMEBODY}@`))
    })

    test(`withheld, ${rendering}: one that wants Remote-Party-ID has it there`, async () => {
      const invite = await callOver({ identityHeader: 'rpid', trustsIdentity: true }, WITHHELD, rendering)
      assert.deepEqual(told(invite), {
        from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
        pai: undefined,
        rpid: `<sip:+${BARE}@127.0.0.1>;party=calling;screen=yes;privacy=full`,
        privacy: 'id',
      })
    })

    test(`withheld, ${rendering}: one that is not trusted is not told it in any message`, async () => {
      const invite = await callOver({}, WITHHELD, rendering)
      assert.deepEqual(told(invite), {
        from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
        pai: undefined,
        rpid: undefined,
        privacy: 'id',
      })
      const all = await until('the call is over', () => {
        const messages = trunks[0]?.messages() ?? []
        return messages.some(({ method }) => method === 'BYE') && messages
      })
      for (const message of all) {
        assert.ok(!message.text.includes(BARE.slice(2)), message.text)
        assert.ok(!message.text.includes('Phone 1001'), message.text)
      }
    })
  }
})

/** 1001 calls, and is called first where a program asks for it. */
const dial = async (stage: Stage, to: string, rendering: Rendering): Promise<void> => {
  if (rendering !== 'click-to-dial') {
    await placeCalls(stage, { to })
    return
  }
  const { register, sipp, ports, engine } = stage
  await register('1001')
  await sipp({
    name: 'cli-1001',
    port: ports.phone['1001'],
    xml: partyXml({ outcome: { kind: 'answer', afterMs: 50 } }),
  })
  const { status, json } = await engine.api('/v1/calls/originate', { from: '1001', to })
  assert.equal(status, 200, JSON.stringify(json))
}
