/** What vars.xml can be told: TCP beside UDP, IPv6, TLS and WSS. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { join } from 'node:path'
import { once } from 'node:events'
import { DOMAIN } from '../scenario/scenario.ts'
import { live } from './live.ts'
import { passwordOf } from './house.ts'
import { freePort, until } from './net.ts'
import { startRecorder } from './recorder.ts'
import { registerXml } from './sipp-xml.ts'
import { EVENT_SOCKET_PASSWORD } from './stage.ts'
import { startSwitch } from './switch-process.ts'

live('profiles', (stage) => {
  test('a phone registers over TCP on the same port', async () => {
    const { sipp, ports } = stage()
    const phone = await sipp({
      name: 'register-tcp',
      remote: `127.0.0.1:${ports.phones}`,
      transport: 't1',
      xml: registerXml({
        user: '1001',
        domain: DOMAIN,
        password: passwordOf('1001'),
        contact: 'sip:1001@127.0.0.1:[local_port];transport=tcp',
      }),
    })
    await phone.done
    assert.equal(phone.messages().at(-1)?.status, 200)
  })

  test('IPv6, TLS and WSS: a second switch with all of them, and without an engine', async function () {
    this.timeout(60_000)
    const folder = join(stage().folder, 'second')
    const certificates = join(folder, 'certificates')
    mkdirSync(certificates, { recursive: true })
    const [phones, trunks, tls, wss, events] = await Promise.all([1, 2, 3, 4, 5].map(freePort))
    const key = join(certificates, 'key.pem')
    const certificate = join(certificates, 'certificate.pem')
    const subject = ['-subj', '/CN=switch.test', '-days', '2']
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject],
      { stdio: 'ignore' },
    )
    for (const file of ['agent.pem', 'wss.pem', 'dtls-srtp.pem'])
      writeFileSync(join(certificates, file), readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'))
    const second = await startSwitch({
      binary: stage().binaries.freeswitch,
      folder,
      eventSocketPort: events ?? 0,
      environment: {
        FREESWITCH_PORT: String(events),
        FREESWITCH_PASSWORD: EVENT_SOCKET_PASSWORD,
        STROWGER_URL: 'http://127.0.0.1:9',
        STROWGER_PHONES_IP: '::1',
        STROWGER_PHONES_PORT: String(phones),
        STROWGER_TRUNKS_IP: '::1',
        STROWGER_TRUNKS_PORT: String(trunks),
        STROWGER_TLS: 'true',
        STROWGER_TLS_PORT: String(tls),
        STROWGER_WSS: `:${wss}`,
        STROWGER_CERTIFICATES: certificates,
      },
    })
    const recorder = await startRecorder(events ?? 0, EVENT_SOCKET_PASSWORD)
    try {
      const status = await until('both profiles run', async () => {
        const text = await recorder.client.api('sofia', 'status')
        return (text.match(/RUNNING/g)?.length ?? 0) >= 3 && text
      })
      assert.match(status, new RegExp(`trunks.*\\[::1\\]:${trunks}.*RUNNING`))
      assert.match(status, new RegExp(`phones.*\\[::1\\]:${tls}.*\\(TLS\\)`))
      const tcp = connectTcp({ host: '::1', port: phones ?? 0 })
      await once(tcp, 'connect')
      tcp.destroy()
      for (const port of [tls, wss]) {
        const socket = connectTls({ host: '::1', port: port ?? 0, rejectUnauthorized: false })
        await once(socket, 'secureConnect')
        assert.equal(socket.getPeerCertificate().subject.CN, 'switch.test')
        socket.destroy()
      }
    } finally {
      await recorder.stop()
      await second.stop()
    }
  })
})
