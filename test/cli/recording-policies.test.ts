import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'
import { CALL_ID } from '../http/samples.ts'
import { run } from './run.ts'

suite('strowger: recording of live calls', function () {
  this.timeout(30_000)
  let fake: Fake
  let env: Record<string, string>
  setup(async () => {
    fake = await startFake()
    env = { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN }
  })
  teardown(() => fake.server.stop())

  test('recording-policies list', async () => {
    const ran = await run(['recording-policies', 'list'], { env })
    assert.deepEqual([ran.err, ran.code], ['', 0])
    assert.match(ran.out, /^ID +NAME +CALLS +SOUND +FROM/)
    assert.match(ran.out, /1 +All calls +all +stereo wav +answer/)
  })

  test('recording-policies add sends what is given, and nothing else', async () => {
    const sent: unknown[] = []
    const server = await listening((body) => sent.push(body))
    const { port } = server.address() as AddressInfo
    const args = ['--name', 'Sales', '--group', '3', '--user', '7', '--user', '8', '--channels', 'split']
    const more = ['--pause-digits', '*1', '--resume-digits', 'none', '--announce', 'yes', '--consent', 'no']
    const ran = await run(['recording-policies', 'add', '--organization', '2', ...args, ...more], {
      env: { ...env, STROWGER_URL: `http://127.0.0.1:${port}` },
    })
    server.close()
    assert.deepEqual([ran.err, ran.code], ['', 0])
    assert.deepEqual(sent, [
      {
        organizationId: 2,
        name: 'Sales',
        scope: { type: 'specific', users: [7, 8], groups: [3], numbers: [] },
        settings: {
          channels: 'split',
          announcement: { enabled: true },
          pauseDigits: '*1',
          resumeDigits: null,
        },
        compliance: { consentRequired: false },
      },
    ])
  })

  test('recording-policies set wants something to change', async () => {
    const ran = await run(['recording-policies', 'set', '1'], { env })
    assert.equal(ran.code, 2)
    assert.match(ran.err, /nothing to change/)
  })

  test('user-groups and audio-files are listed', async () => {
    assert.match((await run(['user-groups', 'list'], { env })).out, /1 +Sales +11/)
    assert.match((await run(['audio-files', 'list'], { env })).out, /1 +Announcement +1\.0 s +8000 Hz/)
  })

  test('audio-files add sends the file as it is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'strowger-cli-'))
    try {
      const [good, bad] = [join(folder, 'told.wav'), join(folder, 'told.txt')]
      writeFileSync(good, 'RIFF....WAVE')
      writeFileSync(bad, 'no sound')
      const args = ['--name', 'Told & sold', '--organization', '1']
      const ran = await run(['audio-files', 'add', good, ...args], { env })
      assert.deepEqual([ran.err, ran.code, ran.out], ['', 0, 'audio file 1 added\n'])
      assert.match((await run(['audio-files', 'add', bad, ...args], { env })).err, /not a WAV file/)
      assert.equal((await run(['audio-files', 'add', join(folder, 'none'), ...args], { env })).code, 2)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  for (const [action, state] of [
    ['pause', 'paused'],
    ['state', 'recording'],
  ] as const)
    test(`calls record ${action}`, async () => {
      const ran = await run(['calls', 'record', CALL_ID, action], { env })
      assert.deepEqual([ran.err, ran.code], ['', 0])
      assert.match(ran.out, new RegExp(`^[0-9a-f-]{36} ${state}\n$`))
    })

  test('calls record takes no other action', async () => {
    assert.equal((await run(['calls', 'record', CALL_ID, 'erase'], { env })).code, 2)
  })
})

const listening = async (onBody: (body: unknown) => void): Promise<Server> => {
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (piece: Buffer) => (text += piece.toString()))
    request.on('end', () => {
      onBody(JSON.parse(text))
      response.writeHead(201, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ success: true, recordingPolicy: { id: 1 } }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return server
}
