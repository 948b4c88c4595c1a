import assert from 'node:assert/strict'
import { offeredCodecs } from '../../src/sip/offered-codecs.ts'

suite('sip: the codecs of an offer', () => {
  const row = (sentence: string, lines: readonly string[], codecs: string): void => {
    test(sentence, () => assert.equal(offeredCodecs(lines.join('\r\n')).join(' '), codecs))
  }
  const HEAD = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0']
  row(
    'payload types that need no name, in order',
    [...HEAD, 'm=audio 4000 RTP/AVP 8 0 18 9'],
    'PCMA PCMU G729 G722',
  )
  row(
    'names of the offer, in the spelling of FreeSWITCH',
    [
      ...HEAD,
      'm=audio 4000 RTP/SAVPF 111 102 8',
      'a=rtpmap:111 OPUS/48000/2',
      'a=rtpmap:102 ilbc/8000',
      'a=rtpmap:8 pcma/8000',
    ],
    'opus iLBC PCMA',
  )
  row(
    'digits and silence are no speech',
    [...HEAD, 'm=audio 4000 RTP/AVP 0 101 13', 'a=rtpmap:101 telephone-event/8000', 'a=rtpmap:13 CN/8000'],
    'PCMU',
  )
  row('a video is no audio', [...HEAD, 'm=video 4000 RTP/AVP 99', 'a=rtpmap:99 H264/90000'], '')
  row(
    'names of a later medium are of that',
    [...HEAD, 'm=audio 4000 RTP/AVP 99', 'm=video 4002 RTP/AVP 99', 'a=rtpmap:99 H264/90000'],
    '',
  )
  row('a refused medium', [...HEAD, 'm=audio 0 RTP/AVP 0'], '')
  row(
    'one part of several',
    ['--b', 'Content-Type: application/sdp', '', ...HEAD, 'm=audio 4000 RTP/AVP 18', '--b--'],
    'G729',
  )
  row('payload types that nobody names', [...HEAD, 'm=audio 4000 RTP/AVP 96 97'], '')
  row('no SDP', ['hello'], '')
  row('payload types that are none', [...HEAD, 'm=audio 4000 RTP/AVP 0 __proto__ -1'], '')

  test('no body says nothing', () => assert.deepEqual(offeredCodecs(undefined), []))
  test('a body without end is not read', () =>
    assert.deepEqual(offeredCodecs(`m=audio 4000 RTP/AVP 0\r\n${'a'.repeat(70_000)}`), []))
  test('line feeds alone separate as well', () =>
    assert.deepEqual(offeredCodecs([...HEAD, 'm=audio 4000 RTP/AVP 8'].join('\n')), ['PCMA']))
})
