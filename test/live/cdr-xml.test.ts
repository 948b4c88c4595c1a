/** mod_xml_cdr beside mod_json_cdr: the same channels told twice, in two languages, and each is one record. */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildCdr } from '../../src/cdr/build.ts'
import { documentOf } from '../../src/cdr/post-body.ts'
import { readPost } from '../../src/cdr/post.ts'
import { SCENARIOS } from '../scenario/calls.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { play } from './play.ts'
import { CONFIGURATION } from './switch-process.ts'

/** Where both modules write what they post. */
const LOGGED = 'logged'

const withXml = (folder: string): string => {
  const configuration = join(folder, 'configuration')
  cpSync(CONFIGURATION, configuration, { recursive: true })
  const logged = join(folder, 'switch', LOGGED)
  mkdirSync(logged, { recursive: true })
  const file = (name: string): string => join(configuration, 'autoload_configs', name)
  const json = readFileSync(file('json_cdr.conf.xml'), 'utf8')
  writeFileSync(
    file('json_cdr.conf.xml'),
    json.replace(
      '<param name="log-http-and-disk" value="false"/>',
      `<param name="log-http-and-disk" value="true"/>\n    <param name="log-dir" value="${logged}"/>`,
    ),
  )
  writeFileSync(
    file('xml_cdr.conf.xml'),
    `<configuration name="xml_cdr.conf" description="call detail records in XML">
  <settings>
    <param name="url" value="$\${strowger_url}/freeswitch/cdr"/>
    <param name="cred" value="$\${strowger_user}:$\${strowger_password}"/>
    <param name="auth-scheme" value="basic"/>
    <param name="encode" value="true"/>
    <param name="retries" value="1"/>
    <param name="delay" value="1"/>
    <param name="log-b-leg" value="true"/>
    <param name="prefix-a-leg" value="true"/>
    <param name="log-http-and-disk" value="true"/>
    <param name="log-dir" value="${logged}"/>
    <param name="err-log-dir" value="$\${cdr_dir}"/>
  </settings>
</configuration>\n`,
  )
  const modules = readFileSync(file('modules.conf.xml'), 'utf8')
  writeFileSync(
    file('modules.conf.xml'),
    modules.replace(
      '<load module="mod_json_cdr"/>',
      '<load module="mod_json_cdr"/>\n    <load module="mod_xml_cdr"/>',
    ),
  )
  return configuration
}

const NAMES = ['gateway-503-then-answer', 'callee-busy', 'phone-to-phone']

live(
  'records in XML',
  (stage) => {
    test('each channel is posted as JSON and as XML, both are taken and say the same, and it is stored once', async () => {
      const { folder, recorder, freeswitch, engine } = stage()
      for (const name of NAMES) {
        const scenario = SCENARIOS.find((each) => each.name === name)
        assert.ok(scenario !== undefined)
        await play(stage(), scenario)
        await stage().clear()
      }
      const logged = join(folder, 'switch', LOGGED)
      const channels = [...recorder.created()]
      assert.ok(channels.length >= 7, String(channels.length))
      await until(
        'both modules wrote what they posted',
        () => readdirSync(logged).length === 2 * channels.length,
        15_000,
      )
      const kept = process.env['STROWGER_KEEP_RECORDS']
      if (kept !== undefined) cpSync(logged, kept, { recursive: true })
      const files = readdirSync(logged)
      for (const name of files.filter((file) => file.endsWith('.json'))) {
        const inJson = buildCdr(readPost(readFileSync(join(logged, name))))
        const xml = readFileSync(join(logged, name.replace(/json$/, 'xml')))
        assert.deepEqual(buildCdr(readPost(documentOf(xml))), inJson, name)
      }
      // No post of either was refused: a file would stand there.
      assert.deepEqual(readdirSync(freeswitch.cdrFolder), [])
      assert.doesNotMatch(freeswitch.log(), /Got error \[\d+\] posting to web server/)
      const quarantine = await engine.api('/v1/cdrs/quarantine')
      assert.equal(quarantine.json['total'], 0)
    })
  },
  { configuration: withXml },
)
