/** Requests to real servers on loopback: what is called, what is not, and to which address. */
import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressFault, readNetworks } from '../../src/access/outgoing-address.ts'
import { systemClock } from '../../src/base/clock.ts'
import { createPoster, type Poster, type PosterOptions } from '../../src/deliver/post.ts'

const LOOPBACK = readNetworks(['127.0.0.1/32']) ?? []

suite('deliver: one request', () => {
  const open: (() => Promise<void>)[] = []
  teardown(async () => {
    for (const close of open.splice(0).reverse()) await close()
  })
  const serve = async (listener: RequestListener, host = '127.0.0.1'): Promise<number> => {
    const server: Server = createServer(listener)
    await new Promise<void>((resolve) => server.listen(0, host, resolve))
    open.push(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    const address = server.address()
    return typeof address === 'object' ? (address?.port ?? 0) : 0
  }
  const poster = (changes: Partial<PosterOptions> = {}): Poster => {
    const made = createPoster({
      rules: { allowed: LOOPBACK, allowHttp: true },
      clock: systemClock,
      ...changes,
    })
    open.push(made.close)
    return made
  }
  const names =
    (answers: Readonly<Record<string, readonly string[]>>) =>
    (host: string): Promise<readonly LookupAddress[]> =>
      Promise.resolve(
        (answers[host] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )

  test('2xx is delivered, everything else is told', async () => {
    const port = await serve((request, response) => {
      response.statusCode = Number(request.url?.slice(1))
      response.setHeader('retry-after', '7')
      response.end()
    })
    const { post } = poster()
    for (const status of [200, 201, 202, 204]) {
      const { fault } = await post(`http://127.0.0.1:${port}/${status}`, {}, '{}')
      assert.equal(fault, undefined, String(status))
    }
    for (const status of [303, 400, 401, 404, 410, 429, 500, 503]) {
      const outcome = await post(`http://127.0.0.1:${port}/${status}`, {}, '{}')
      assert.deepEqual(
        [outcome.status, outcome.fault, outcome.retryAfterMs],
        [status, `it answered ${status}`, 7_000],
      )
    }
  })

  test('the body and the headers arrive as they are', async () => {
    let seen: readonly unknown[] = []
    const port = await serve((request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => {
        seen = [request.method, request.headers['strowger-signature'], Buffer.concat(pieces).toString()]
        response.end()
      })
    })
    await poster().post(`http://127.0.0.1:${port}/`, { 'strowger-signature': 't=1,v1=ab' }, '{"a":"ü"}')
    assert.deepEqual(seen, ['POST', 't=1,v1=ab', '{"a":"ü"}'])
  })

  test('the connection is made to the address that was judged, not to what the name says next', async () => {
    let asked = 0
    const hosts: unknown[] = []
    const port = await serve((request, response) => {
      hosts.push(request.headers.host)
      response.setHeader('connection', 'close')
      response.end()
    })
    // First an address that is called, then one that is not: what DNS rebinding does.
    const resolve = (host: string): Promise<readonly LookupAddress[]> => {
      asked += 1
      assert.equal(host, 'rebind.test')
      return Promise.resolve([{ address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }])
    }
    const { post } = poster({ resolve })
    const first = await post(`http://rebind.test:${port}/`, {}, '{}')
    const second = await post(`http://rebind.test:${port}/`, {}, '{}')
    assert.deepEqual([first.status, first.fault], [200, undefined])
    assert.equal(second.status, undefined)
    assert.match(second.fault ?? '', /rebind\.test is not called: its address is a loopback address/)
    // One question a connection: no second look between judging and connecting.
    assert.equal(asked, 2)
    assert.deepEqual(hosts, [`rebind.test:${port}`])
  })

  test('a name with one address that may not be called is not called at all', async () => {
    let calls = 0
    const port = await serve((_, response) => {
      calls += 1
      response.end()
    })
    for (const other of ['10.0.0.1', '::1', '169.254.169.254', '::ffff:10.0.0.1', '64:ff9b::a00:1']) {
      const { post } = poster({ resolve: names({ 'both.test': ['127.0.0.1', other] }) })
      const { status, fault } = await post(`http://both.test:${port}/`, {}, '{}')
      assert.equal(status, undefined)
      assert.match(fault ?? '', /both\.test is not called/, other)
    }
    assert.equal(calls, 0)
  })

  test('without leave nothing reaches loopback, by address or by name', async () => {
    let calls = 0
    const port = await serve((_, response) => {
      calls += 1
      response.end()
    })
    const strict = poster({ rules: { allowed: [], allowHttp: true } })
    for (const host of [
      '127.0.0.1',
      'localhost',
      '2130706433',
      '0',
      '[::1]',
      '[::ffff:127.0.0.1]',
      'ip6-localhost',
    ]) {
      const { status, fault } = await strict.post(`http://${host}:${port}/`, {}, '{}')
      assert.equal(status, undefined, host)
      assert.notEqual(fault, undefined, host)
    }
    assert.equal(calls, 0)
    assert.notEqual(addressFault('127.0.0.1', []), undefined)
  })

  test('redirects: the same request again, three times at the most, each judged', async () => {
    const seen: string[] = []
    const port = await serve((request, response) => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''}`)
      const hops = Number(request.url?.slice(1))
      if (hops > 0) {
        response.statusCode = [301, 302, 307, 308][hops % 4] ?? 307
        response.setHeader('location', `/${hops - 1}`)
      }
      response.end()
    })
    const { post } = poster()
    assert.equal((await post(`http://127.0.0.1:${port}/3`, {}, '{}')).fault, undefined)
    assert.deepEqual(seen, ['POST /3', 'POST /2', 'POST /1', 'POST /0'])
    assert.match(
      (await post(`http://127.0.0.1:${port}/4`, {}, '{}')).fault ?? '',
      /redirected more than 3 times/,
    )
  })

  test('a redirect to where nothing may go is not followed', async () => {
    let inside = 0
    const port = await serve((request, response) => {
      if (request.url === '/inside') inside += 1
      response.statusCode = 307
      response.setHeader('location', decodeURIComponent(request.url?.slice(2) ?? ''))
      response.end()
    })
    const to = async (target: string): Promise<string> => {
      const resolve = names({ 'out.test': ['127.0.0.1'], 'in.test': ['127.0.0.9'] })
      const url = `http://out.test:${port}/?${encodeURIComponent(target)}`
      return (await poster({ resolve }).post(url, {}, '{}')).fault ?? ''
    }
    assert.match(await to(`http://127.0.0.9:${port}/inside`), /the URL of the redirect is not called/)
    assert.match(await to(`http://[::1]:${port}/inside`), /the URL of the redirect is not called/)
    assert.match(await to(`http://in.test:${port}/inside`), /in\.test is not called/)
    assert.match(await to('file:///etc/passwd'), /the URL of the redirect is not called/)
    assert.match(await to('http://user:pw@out.test/'), /user name or a password/)
    assert.equal(inside, 0)
  })

  test('who does not answer, answers slowly, or never ends is left after the time', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/slow-body') {
        response.write('x')
        const timer = setInterval(() => response.write('x'), 20)
        response.on('close', () => clearInterval(timer))
      }
    })
    const { post } = poster({ timeoutMs: 200 })
    for (const path of ['/none', '/slow-body']) {
      const { fault, tookMs } = await post(`http://127.0.0.1:${port}${path}`, {}, '{}')
      assert.equal(fault, 'no answer in 0.2 s', path)
      assert.ok(tookMs >= 190 && tookMs < 2_000, `${tookMs} ms`)
    }
  })

  test('an answer that is large is not read to its end', async () => {
    let written = 0
    const port = await serve((_, response) => {
      const more = (): void => {
        while (written < 200 * 1024 * 1024) {
          written += 64 * 1024
          if (!response.write(Buffer.alloc(64 * 1024))) {
            response.once('drain', more)
            return
          }
        }
        response.end()
      }
      more()
    })
    const { status, fault } = await poster().post(`http://127.0.0.1:${port}/`, {}, '{}')
    assert.deepEqual([status, fault], [200, undefined])
    assert.ok(written < 50 * 1024 * 1024, `${written} bytes`)
  })

  test('https: the certificate is of the name, whatever address it was found at', async function () {
    const folder = mkdtempSync(join(tmpdir(), 'strowger-tls-'))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const made = spawnSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=hooks.test',
        '-addext',
        'subjectAltName=DNS:hooks.test',
        '-keyout',
        key,
        '-out',
        cert,
      ],
      { stdio: 'ignore' },
    )
    if (made.status !== 0) {
      rmSync(folder, { recursive: true })
      console.log('not run: there is no openssl')
      this.skip()
    }
    const authorities = readFileSync(cert, 'utf8')
    const server = createTlsServer({ key: readFileSync(key), cert: authorities }, (_, response) =>
      response.end(),
    )
    rmSync(folder, { recursive: true })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    open.push(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    const address = server.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const resolve = names({ 'hooks.test': ['127.0.0.1'], 'other.test': ['127.0.0.1'] })
    const trusting = poster({ resolve, authorities })
    assert.equal((await trusting.post(`https://hooks.test:${port}/`, {}, '{}')).fault, undefined)
    assert.equal(
      (await trusting.post(`https://other.test:${port}/`, {}, '{}')).fault,
      'its certificate is of another name',
    )
    assert.equal(
      (await poster({ resolve }).post(`https://hooks.test:${port}/`, {}, '{}')).fault,
      'its certificate is signed by itself',
    )
  })

  test('what is no HTTP, a port where nobody listens, and a name that is none', async () => {
    const garbage = createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.resume().end('SSH-2.0-OpenSSH\r\n')
    })
    await new Promise<void>((resolve) => garbage.listen(0, '127.0.0.1', resolve))
    open.push(() => new Promise((resolve) => garbage.close(() => resolve())))
    const address = garbage.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const { post } = poster({ resolve: names({}) })
    for (const url of [`http://127.0.0.1:${port}/`, 'http://127.0.0.1:1999/', 'http://none.test/']) {
      const { status, fault } = await post(url, {}, '{}')
      assert.equal(status, undefined, url)
      assert.ok(fault !== undefined && fault !== '', url)
    }
  })
})
