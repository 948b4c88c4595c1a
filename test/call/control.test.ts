import assert from 'node:assert/strict'
import {
  connectedPair,
  decideControl,
  legNamed,
  type ControlCall,
  type ControlLeg,
  type SimpleRequest,
} from '../../src/call/control.ts'
import { mediaPath, type Media } from '../../src/call/control-media.ts'
import { codeOf } from '../../src/base/errors.ts'
import { asCallUuid } from '../../src/telephony/call-uuid.ts'

const A = asCallUuid('aaaaaaaa-2222-4333-8444-555555555555')
const B = asCallUuid('bbbbbbbb-2222-4333-8444-555555555555')
const B2 = asCallUuid('bbbbbbbb-2222-4333-8444-666666666666')
const NOBODY = asCallUuid('99999999-2222-4333-8444-555555555555')

const leg = (changes: Partial<ControlLeg> = {}): ControlLeg => ({
  legUuid: A,
  leg: 'A',
  userId: 7,
  party: '1001',
  answered: true,
  held: false,
  muted: false,
  partner: B,
  consultingFor: undefined,
  consulted: undefined,
  parked: false,
  conference: undefined,
  supervisor: undefined,
  ...changes,
})
const other = (changes: Partial<ControlLeg> = {}): ControlLeg =>
  leg({ legUuid: B, leg: 'B', userId: undefined, party: '+442079460123', partner: A, ...changes })

/** Our user called out. */
const calling = (a: Partial<ControlLeg> = {}, b: Partial<ControlLeg> = {}): ControlCall => ({
  callId: A,
  organizationId: 1,
  legs: [leg(a), other(b)],
})
/** A stranger called our user. */
const called: ControlCall = {
  callId: A,
  organizationId: 1,
  legs: [leg({ userId: undefined, party: '+33142685300' }), other({ userId: 7, party: '1001' })],
}

/** The commands, or the refusal's code. */
const said = (call: ControlCall, request: SimpleRequest): readonly string[] | string => {
  const decided = decideControl(call, request)
  return decided.kind === 'refused' ? decided.code : decided.commands.map((command) => command.join(' '))
}

suite('call control: what is told to the switch', () => {
  const rows: readonly (readonly [
    sentence: string,
    call: ControlCall,
    request: SimpleRequest,
    said: readonly string[] | string,
  ])[] = [
    ['hold is the leg of our user who calls', calling(), { verb: 'hold' }, [`uuid_hold ${A}`]],
    ['hold is the leg of our user who is called', called, { verb: 'hold' }, [`uuid_hold ${B}`]],
    ['a leg that is named is held', calling(), { verb: 'hold', leg: 'B' }, [`uuid_hold ${B}`]],
    ['who is held is not held twice', calling({ held: true }), { verb: 'hold' }, 'ALREADY_HELD'],
    [
      'who talks with nobody holds nobody',
      calling({ partner: undefined }),
      { verb: 'hold' },
      'NOT_CONNECTED',
    ],
    ['nobody holds before the answer', calling({ answered: false }), { verb: 'hold' }, 'NOT_ANSWERED'],
    ['unhold takes back', calling({ held: true }), { verb: 'unhold' }, [`uuid_hold off ${A}`]],
    ['who is not held is not taken back', calling(), { verb: 'unhold' }, 'NOT_HELD'],
    [
      'mute is what the leg says, and is noted on it',
      calling(),
      { verb: 'mute' },
      [`uuid_audio ${A} start read mute 1`, `uuid_setvar ${A} strowger_muted true`],
    ],
    ['who is muted is not muted twice', calling({ muted: true }), { verb: 'mute' }, 'ALREADY_MUTED'],
    [
      'unmute ends it',
      calling({ muted: true }),
      { verb: 'unmute' },
      [`uuid_audio ${A} stop`, `uuid_setvar ${A} strowger_muted`],
    ],
    ['who is heard is not unmuted', calling(), { verb: 'unmute' }, 'NOT_MUTED'],
    ['digits go to the other party', calling(), { verb: 'dtmf', digits: '12#' }, [`uuid_send_dtmf ${B} 12#`]],
    [
      'digits go to the caller where our user was called',
      called,
      { verb: 'dtmf', digits: '1' },
      [`uuid_send_dtmf ${A} 1`],
    ],
    ['digits that are none', calling(), { verb: 'dtmf', digits: '1 all' }, 'CONTROL_FAILED'],
    [
      'a tone to our user',
      calling(),
      { verb: 'play', media: { tone: '%(400,200,425)' }, loops: 3 },
      [`uuid_broadcast ${A} tone_stream://%(400,200,425);loops=3 aleg`],
    ],
    [
      'a sound to both',
      calling(),
      { verb: 'play', media: { sound: 'ivr/hello.wav' }, loops: 1, leg: 'both' },
      [`uuid_broadcast ${A} \${sounds_dir}/ivr/hello.wav both`],
    ],
    [
      'both of whom one is not there',
      calling({ partner: undefined }),
      { verb: 'play', media: { silenceMs: 500 }, loops: 1, leg: 'both' },
      'NOT_CONNECTED',
    ],
    [
      'what is played stops at both',
      calling(),
      { verb: 'stop-playing' },
      [`uuid_break ${A} all`, `uuid_break ${B} all`],
    ],
    ['or at one', calling(), { verb: 'stop-playing', leg: 'B' }, [`uuid_break ${B} all`]],
    ['a leg that is not there', calling(), { verb: 'mute', leg: NOBODY }, 'LEG_NOT_FOUND'],
    ['a name that is none', calling(), { verb: 'mute', leg: 'C' }, 'LEG_NOT_FOUND'],
    [
      'nobody of ours in it',
      calling({ userId: undefined }, { userId: undefined }),
      { verb: 'mute' },
      'NO_USER_LEG',
    ],
  ]
  for (const [sentence, call, request, expected] of rows)
    test(sentence, () => assert.deepEqual(said(call, request), expected))

  test('where a file lies is not told', () => {
    const decided = decideControl(calling(), {
      verb: 'play',
      media: { fileId: 7, path: '/var/sounds/1/7-aa.wav' },
      loops: 1,
    })
    assert.ok(decided.kind === 'decided')
    assert.deepEqual(decided.noted?.detail, { fileId: 7, loops: 1, to: 'A' })
  })
})

suite('call control: which leg', () => {
  test('of several B legs it is the one that talks', () => {
    const call = {
      ...calling(),
      legs: [leg({ partner: B2 }), other({ partner: undefined }), other({ legUuid: B2 })],
    }
    const found = legNamed(call, 'B')
    assert.ok(!('kind' in found))
    assert.equal(found.legUuid, B2)
  })

  test('our user talks with whom the switch says', () => {
    const pair = connectedPair(called, undefined)
    assert.ok(!('kind' in pair))
    assert.deepEqual([pair.user.legUuid, pair.other.legUuid], [B, A])
  })

  test('a partner of another call is none of this one', () => {
    const pair = connectedPair(calling({ partner: NOBODY }), undefined)
    assert.equal('kind' in pair ? pair.code : '', 'NOT_CONNECTED')
  })
})

suite('call control: what may be played', () => {
  const fine: readonly (readonly [media: Media, loops: number, path: string])[] = [
    [{ tone: '%(1,2,425)' }, 1, 'tone_stream://%(1,2,425);loops=1'],
    [{ tone: '%(1,2,350,440);%(3,4,620)' }, 2, 'tone_stream://%(1,2,350,440);%(3,4,620);loops=2'],
    [{ silenceMs: 500 }, 3, 'silence_stream://1500'],
    [{ sound: 'a/b.wav' }, 4, 'loop_playback::+4\\s${sounds_dir}/a/b.wav'],
    [{ fileId: 1, path: '/a/b-1.wav' }, 1, '/a/b-1.wav'],
  ]
  for (const [media, loops, path] of fine)
    test(`${JSON.stringify(media)} is played as ${path}`, () => assert.equal(mediaPath(media, loops), path))

  const bad: readonly (readonly [media: Media, loops: number])[] = [
    [{ tone: '%(1,2,425);loops=-1' }, 1],
    [{ tone: '%(1,2,425) both' }, 1],
    [{ tone: '' }, 1],
    [{ sound: '../x.wav' }, 1],
    [{ sound: '/etc/passwd' }, 1],
    [{ sound: 'shell_stream://id.wav' }, 1],
    [{ sound: 'a.wav both' }, 1],
    [{ sound: '${env(PATH)}.wav' }, 1],
    [{ fileId: 1, path: 'http://x/a.wav' }, 1],
    [{ fileId: 1, path: '/a b.wav' }, 1],
    [{ silenceMs: 0.5 }, 1],
    [{ silenceMs: 500 }, 0],
    [{ silenceMs: 500 }, 101],
  ]
  for (const [media, loops] of bad)
    test(`${JSON.stringify(media)} ${loops} times is refused`, () =>
      assert.throws(
        () => mediaPath(media, loops),
        (fault) => codeOf(fault) === 'CALL_BAD_MEDIA',
      ))
})
