/**
 * docker-compose.yml and Dockerfile, held against the code. Docker is not run: what is held here is that every name,
 * path, port and variable is one that exists.
 */
import assert from 'node:assert/strict'
import { Value } from '@sinclair/typebox/value'
import { parseDocument } from 'yaml'
import { Compose, type Service } from './compose-schema.ts'
import {
  engineDefault,
  ENGINE_VARIABLES,
  has,
  httpSources,
  read,
  switchConfiguration,
  switchDefault,
  SWITCH_VARIABLES,
} from './project.ts'

const document = parseDocument(read('docker-compose.yml'), { uniqueKeys: true, strict: true })
const parsed: unknown = document.toJS()

const compose = (): Compose => {
  const faults = [...Value.Errors(Compose, parsed)].map(({ path, message }) => `${path}: ${message}`)
  assert.deepEqual(faults, [])
  return Value.Parse(Compose, parsed)
}

const service = (name: string): Service => {
  const found = compose().services[name]
  assert.ok(found !== undefined, `there is no service ${name}`)
  return found
}

/** Values as they are where .env has nothing but `set`: `${X:-default}`, `${X:?message}`, `$$`. */
const interpolated = (text: string, set: Readonly<Record<string, string>> = {}): string =>
  text
    .replace(/\$\{(\w+)(?::([-?])([^{}]*))?\}/g, (_, name: string, kind: string | undefined, rest: string) =>
      set[name] !== undefined ? set[name] : kind === '-' ? rest : `<${name}>`,
    )
    .replaceAll('$$', '$')

const environmentOf = (name: string): ReadonlyMap<string, string | null> =>
  new Map(
    Object.entries(service(name).environment ?? {}).map(([key, value]) => [
      key,
      value === null ? null : interpolated(value),
    ]),
  )

type Port = {
  readonly address: string
  readonly host: string
  readonly container: string
  readonly protocol: string
}

const portsOf = (name: string): readonly Port[] =>
  (service(name).ports ?? []).map((text) => {
    const [, address = '', host = '', container = '', protocol = 'tcp'] =
      /^(?:([\d.]+):)?([\d-]+):([\d-]+)(?:\/(tcp|udp))?$/.exec(interpolated(text)) ?? []
    return { address, host, container, protocol }
  })

const mountsOf = (
  name: string,
): readonly { readonly source: string; readonly target: string; mode: string }[] =>
  (service(name).volumes ?? []).map((text) => {
    const [source = '', target = '', mode = 'rw'] = text.split(':')
    return { source, target, mode }
  })

suite('docker-compose.yml', () => {
  test('is YAML without doubled keys, and every key is one of the specification', () => {
    assert.deepEqual(document.errors, [])
    assert.deepEqual(Object.keys(compose().services).sort(), ['engine', 'freeswitch', 'postgres', 'redis'])
  })

  test('every variable given to the engine is one that it reads, and it is given every one', () => {
    assert.deepEqual([...environmentOf('engine').keys()].sort(), [...ENGINE_VARIABLES].sort())
  })

  test('the engine starts with these values', async () => {
    const { readConfig } = await import('../../src/config/config.ts')
    const environment = Object.fromEntries(
      [...environmentOf('engine')].map(([name, value]) => [
        name,
        value?.replaceAll(/[<>]/g, '') ?? undefined,
      ]),
    )
    const config = readConfig(environment, '/app')
    assert.equal(config.trial, false)
    assert.equal(config.outboundSocket.address, 'engine:8040')
  })

  test('every variable given to FreeSWITCH is read by freeswitch-conf', () => {
    assert.ok(SWITCH_VARIABLES.size > 0)
    for (const name of environmentOf('freeswitch').keys())
      assert.ok(SWITCH_VARIABLES.has(name), `${name} is read by no env-set of freeswitch-conf`)
  })

  test('no variable of FreeSWITCH is set to nothing, which would replace its default by nothing', () => {
    for (const [name, value] of environmentOf('freeswitch')) assert.notEqual(value, '', name)
  })

  test('passwords have no default, and a missing one is told by name', () => {
    const text = read('docker-compose.yml')
    const used = [...text.matchAll(/\$\{(\w*PASSWORD\w*)([^}]*)\}/g)]
    assert.ok(used.length >= 6)
    for (const [, name = '', rest = ''] of used)
      assert.match(rest, new RegExp(`^:\\?put ${name} into \\.env`))
    for (const [name, { environment = {} }] of Object.entries(compose().services))
      for (const [key, value] of Object.entries(environment))
        if (/PASSWORD|MASTER_KEY/.test(key)) assert.match(value ?? '', /^\$\{/, `${name}: ${key}`)
  })

  test('images are pinned', () => {
    for (const [name, { image, build }] of Object.entries(compose().services)) {
      assert.ok((image === undefined) !== (build === undefined), `${name} has an image or is built`)
      if (image === undefined) continue
      const tag = /:([\w.-]+)$/.exec(interpolated(image))?.[1]
      assert.ok(tag !== undefined && tag !== 'latest' && /\d/.test(tag), `${name}: ${image}`)
    }
    for (const [, image = ''] of read('Dockerfile').matchAll(/^FROM (\S+)/gm)) assert.match(image, /:\d+/)
  })

  test('everything is bound to this host alone, but SIP and RTP', () => {
    for (const name of Object.keys(compose().services))
      for (const port of portsOf(name)) {
        assert.notEqual(port.container, '', `a port of ${name} is not read`)
        if (name !== 'freeswitch') assert.equal(port.address, '127.0.0.1', `${name} ${port.container}`)
      }
    assert.ok(!portsOf('freeswitch').some(({ container }) => container === '8021'))
  })

  test("the engine's ports are those of its defaults, of its environment, and of the Dockerfile", () => {
    const environment = environmentOf('engine')
    for (const name of ['STROWGER_HTTP_PORT', 'STROWGER_SOCKET_PORT', 'FREESWITCH_PORT'])
      assert.equal(environment.get(name), engineDefault(name), name)
    assert.deepEqual(
      portsOf('engine').map(({ container }) => container),
      [engineDefault('STROWGER_HTTP_PORT')],
    )
    assert.equal(
      environment.get('STROWGER_SOCKET_ADDRESS'),
      `engine:${engineDefault('STROWGER_SOCKET_PORT')}`,
    )
    assert.equal(
      /^EXPOSE (.*)$/m.exec(read('Dockerfile'))?.[1],
      `${engineDefault('STROWGER_HTTP_PORT')} ${engineDefault('STROWGER_SOCKET_PORT')}`,
    )
    assert.equal(
      environmentOf('freeswitch').get('STROWGER_URL'),
      `http://engine:${engineDefault('STROWGER_HTTP_PORT')}`,
    )
  })

  test("FreeSWITCH's ports are those of freeswitch-conf", () => {
    const environment = environmentOf('freeswitch')
    const phones = switchDefault('STROWGER_PHONES_PORT')
    const trunks = switchDefault('STROWGER_TRUNKS_PORT')
    assert.equal(environment.get('STROWGER_PHONES_PORT'), phones)
    assert.equal(environment.get('STROWGER_TRUNKS_PORT'), trunks)
    assert.equal(environment.get('FREESWITCH_PORT'), switchDefault('FREESWITCH_PORT'))
    const rtp = `${environment.get('STROWGER_RTP_START') ?? ''}-${environment.get('STROWGER_RTP_END') ?? ''}`
    assert.deepEqual(
      portsOf('freeswitch').map(({ host, container, protocol }) => `${host}:${container}/${protocol}`),
      [
        `${phones}:${phones}/udp`,
        `${phones}:${phones}/tcp`,
        `${trunks}:${trunks}/udp`,
        `${trunks}:${trunks}/tcp`,
        `${rtp}:${rtp}/udp`,
      ],
    )
  })

  test('the RTP ports that are published are those that FreeSWITCH uses, whatever .env says', () => {
    const set = { STROWGER_RTP_START: '20000', STROWGER_RTP_END: '20099' }
    const published = service('freeswitch').ports?.map((port) => interpolated(port, set)) ?? []
    assert.ok(published.includes('0.0.0.0:20000-20099:20000-20099/udp'))
    assert.equal(
      interpolated(service('freeswitch').environment?.['STROWGER_RTP_START'] ?? '', set),
      set.STROWGER_RTP_START,
    )
    assert.equal(
      interpolated(service('freeswitch').environment?.['STROWGER_RTP_END'] ?? '', set),
      set.STROWGER_RTP_END,
    )
  })

  test('what both sides must know is the same on both', () => {
    const engine = environmentOf('engine')
    const freeswitch = environmentOf('freeswitch')
    for (const name of [
      'FREESWITCH_PASSWORD',
      'FREESWITCH_PORT',
      'FREESWITCH_CDR_DIR',
      'STROWGER_XML_CURL_USER',
      'STROWGER_XML_CURL_PASSWORD',
    ])
      assert.equal(engine.get(name), freeswitch.get(name), name)
    assert.match(
      engine.get('DATABASE_URL') ?? '',
      /^postgres:\/\/strowger:<POSTGRES_PASSWORD>@postgres:5432\/strowger$/,
    )
    assert.equal(environmentOf('postgres').get('POSTGRES_USER'), 'strowger')
    assert.equal(environmentOf('postgres').get('POSTGRES_DB'), 'strowger')
  })

  test('folders of the host exist, volumes are declared, and what is declared is used', () => {
    const { services, volumes = {} } = compose()
    const used = new Set<string>()
    for (const name of Object.keys(services))
      for (const { source } of mountsOf(name)) {
        if (source.startsWith('.')) assert.ok(has(source), `${name} mounts ${source}`)
        else used.add(source)
      }
    assert.deepEqual([...used].sort(), Object.keys(volumes).sort())
  })

  test('FreeSWITCH starts from the folder that is mounted, and writes only where a volume is', () => {
    const conf = mountsOf('freeswitch').find(({ source }) => source === './freeswitch-conf')
    assert.equal(conf?.mode, 'ro')
    const entrypoint = service('freeswitch').entrypoint
    assert.ok(Array.isArray(entrypoint))
    const after = (option: string): string | undefined => entrypoint[entrypoint.indexOf(option) + 1]
    assert.equal(after('-conf'), conf.target)
    for (const option of ['-log', '-db'])
      assert.ok(
        mountsOf('freeswitch').some(({ target }) => target === after(option)),
        option,
      )
    assert.ok(has('freeswitch-conf/freeswitch.xml'))
  })

  test('the records that FreeSWITCH leaves are on a volume that the engine has too', () => {
    const folder = environmentOf('engine').get('FREESWITCH_CDR_DIR')
    const sources = ['engine', 'freeswitch'].map(
      (name) => mountsOf(name).find(({ target }) => target === folder)?.source,
    )
    assert.ok(sources[0] !== undefined)
    assert.equal(sources[0], sources[1])
    assert.match(switchConfiguration(), /name="err-log-dir" value="\$\$\{cdr_dir\}"/)
  })

  test('the data directory and the folder of records are made in the image for the user that runs in it', () => {
    const dockerfile = read('Dockerfile')
    const environment = environmentOf('engine')
    for (const folder of [environment.get('STROWGER_DATA_DIR'), environment.get('FREESWITCH_CDR_DIR')]) {
      assert.ok(typeof folder === 'string')
      assert.match(dockerfile, new RegExp(`"-o", "node".*"${folder}"\\]`))
      assert.ok(mountsOf('engine').some(({ target }) => target === folder))
    }
    assert.match(dockerfile, /^USER node$/m)
  })

  test('every service has a health check, and those of the engine ask for a route that exists', () => {
    for (const [name, { healthcheck }] of Object.entries(compose().services))
      assert.ok(healthcheck !== undefined, name)
    const asked = [
      ...`${read('docker-compose.yml')}\n${read('Dockerfile')}`.matchAll(/127\.0\.0\.1:[^/'"`]+(\/\w+)/g),
    ]
    assert.equal(asked.length, 2)
    for (const [, path = ''] of asked) assert.ok(httpSources().includes(`'${path}'`), path)
  })

  test("what FreeSWITCH fetches and posts are routes of the engine's", () => {
    const paths = [...switchConfiguration().matchAll(/value="\$\$\{strowger_url\}(\/[^"?]+)"/g)]
    assert.deepEqual(paths.map(([, path]) => path).sort(), ['/freeswitch/cdr', '/freeswitch/xml'])
    for (const [, path = ''] of paths) assert.ok(httpSources().includes(`'${path}'`), path)
  })

  test('a service depends on services that there are, has a network with each, and waits until they are healthy', () => {
    const { services, networks = {} } = compose()
    for (const [name, { depends_on = {}, networks: own = [] }] of Object.entries(services)) {
      for (const network of own) assert.ok(network in networks, `${name}: ${network}`)
      for (const [other, { condition }] of Object.entries(depends_on)) {
        assert.ok(service(other).healthcheck !== undefined)
        assert.equal(condition, 'service_healthy')
        assert.ok(
          service(other).networks?.some((network) => own.includes(network)),
          `${name} and ${other}`,
        )
      }
    }
    assert.ok(!service('freeswitch').networks?.includes('store'), 'FreeSWITCH does not see the database')
    for (const host of ['postgres', 'redis'])
      assert.ok(service(host).networks?.every((network) => service('engine').networks?.includes(network)))
  })
})

suite('Dockerfile', () => {
  const dockerfile = read('Dockerfile')

  test('what it copies exists, and .dockerignore lets it pass', () => {
    const [first, ...allowed] = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    assert.equal(first, '*')
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
      sources.split(' '),
    )
    for (const source of copied) {
      assert.ok(has(source), source)
      assert.ok(allowed.includes(`!${source}`), `.dockerignore keeps ${source} out`)
    }
    assert.deepEqual(allowed.map((line) => line.slice(1)).sort(), [...new Set(copied)].sort())
  })

  test('what the engine reads beside dist is in the image', () => {
    for (const path of ['sql', 'freeswitch-conf', 'scripts', 'package.json'])
      assert.match(dockerfile, new RegExp(`^COPY (.* )?${path} `, 'm'))
  })

  test('no shell stands between Docker and the engine', () => {
    assert.match(dockerfile, /^CMD \["node", "dist\/main\.js"\]$/m)
    for (const [line] of dockerfile.matchAll(/^(?:RUN|CMD|ENTRYPOINT|\s+CMD) .*$/gm))
      assert.match(line, /^\s*\w+ \[/)
    assert.ok(has('src/main.ts'))
  })

  test('only production dependencies get into it, and no script of a package runs', () => {
    assert.match(dockerfile, /\["npm", "ci", "--omit=dev", "--omit=optional", "--ignore-scripts"\]/)
    for (const [line] of dockerfile.matchAll(/"npm", "ci".*/g)) assert.match(line, /--ignore-scripts/)
  })
})
