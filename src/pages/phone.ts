/**
 * A phone in the browser: it registers over secure WebSocket with FreeSWITCH itself (JsSIP; RFC 7118), and its audio
 * goes there by DTLS-SRTP. The engine serves this page and is asked for nothing but where the switch is: what a user
 * dials takes the same way as from any phone. The password is kept in this page only, and gone with it.
 */
import * as JsSIP from 'jssip'
import { byId, fieldsOf } from './elements.ts'

type Session = ReturnType<JsSIP.UA['call']>

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const

const signIn = byId('sign-in', HTMLFormElement)
const dialForm = byId('dial-form', HTMLFormElement)
const state = byId('state', HTMLElement)
const remote = byId('remote', HTMLAudioElement)
const [mute, hold, answer] = ['mute', 'hold', 'answer'].map((id) => byId(id, HTMLButtonElement))

const now: { agent: JsSIP.UA | undefined; session: Session | undefined; domain: string; ticking: number } = {
  agent: undefined,
  session: undefined,
  domain: '',
  ticking: 0,
}

const show = (name: string, words: string): void => {
  state.dataset['state'] = name
  state.textContent = words
  const signedIn = now.agent?.isRegistered() === true
  signIn.hidden = now.agent !== undefined
  byId('dial', HTMLElement).hidden = !signedIn || name === 'incoming'
  byId('talk', HTMLElement).hidden = now.session === undefined
  if (answer !== undefined) answer.hidden = name !== 'incoming'
}

const start = ({ username, password, domain, server }: Readonly<Record<string, string>>): void => {
  const agent = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(server ?? '')],
    uri: `sip:${username ?? ''}@${domain ?? ''}`,
    password: password ?? '',
    register_expires: 300,
    session_timers: false,
  })
  now.agent = agent
  now.domain = domain ?? ''
  agent.on('connecting', () => show('connecting', 'Connecting'))
  agent.on('disconnected', () => {
    if (now.agent === agent) show('connecting', 'The server cannot be reached; trying again')
  })
  agent.on('registered', () => show('ready', `Signed in as ${username ?? ''}`))
  agent.on('registrationFailed', ({ cause }) => {
    stop()
    show(
      'failed',
      String(cause) === 'Connection Error' ? 'The server cannot be reached' : 'Device or password is wrong',
    )
  })
  agent.on('newRTCSession', ({ session, originator }: { session: Session; originator: string }) => {
    if (originator === 'local') return
    if (now.session !== undefined) session.terminate({ status_code: 486 })
    else follow(session, 'incoming')
  })
  agent.start()
}

const stop = (): void => {
  const { agent } = now
  now.agent = undefined
  agent?.stop()
  show('signed-out', 'Not signed in')
}

const call = (number: string): void => {
  const target = number.replace(/[\s().-]/g, '')
  if (now.agent === undefined || now.session !== undefined || !/^\+?[\d*#]{1,32}$/.test(target)) return
  const session = now.agent.call(`sip:${target.replaceAll('#', '%23')}@${now.domain}`, MEDIA)
  follow(session, 'calling', target)
}

const MEDIA = { mediaConstraints: { audio: true, video: false } } as const

const follow = (session: Session, begins: 'incoming' | 'calling', dialled?: string): void => {
  now.session = session
  const { display_name: name, uri } = session.remote_identity
  const party = dialled ?? (name === '' ? uri.user : name)
  byId('party', HTMLElement).textContent = party === '' ? 'Unknown' : party
  byId('time', HTMLElement).textContent = ''
  for (const button of [mute, hold]) button?.setAttribute('aria-pressed', 'false')
  hold?.removeAttribute('disabled')
  // A call that comes in has its connection only when it is answered.
  session.on('peerconnection', ({ peerconnection }) => hear(peerconnection))
  if (begins === 'calling') hear(session.connection)
  session.on('progress', () => {
    if (begins === 'calling') show('ringing', 'Ringing')
  })
  session.on('confirmed', () => {
    const since = Date.now()
    now.ticking = window.setInterval(() => {
      byId('time', HTMLElement).textContent = clock(Date.now() - since)
    }, 500)
    show('talking', 'Talking')
  })
  session.on('ended', ({ cause }) => over(session, cause))
  session.on('failed', ({ cause }) => over(session, cause))
  session.on('hold', () => show('held', 'On hold'))
  session.on('unhold', () => show('talking', 'Talking'))
  show(begins, begins === 'incoming' ? 'Incoming call' : 'Calling')
}

const hear = (connection: RTCPeerConnection): void => {
  connection.addEventListener('track', ({ track }) => {
    remote.srcObject = new MediaStream([track])
  })
}

const over = (session: Session, cause: string): void => {
  if (now.session !== session) return
  now.session = undefined
  window.clearInterval(now.ticking)
  remote.srcObject = null
  state.dataset['cause'] = cause
  show('ready', ENDINGS[cause] ?? `Ended: ${cause}`)
}

/** JsSIP's words for what SIP said, as people say it. */
const ENDINGS: Readonly<Record<string, string>> = {
  Terminated: 'Ended',
  Canceled: 'Ended',
  Busy: 'Busy',
  Rejected: 'Declined',
  'No Answer': 'No answer',
  Unavailable: 'Not available',
  'Not Found': 'There is no such number',
  'User Denied Media Access': 'The microphone was not allowed',
}

const clock = (ms: number): string => {
  const seconds = Math.floor(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

const press = (key: string): void => {
  if (now.session?.isEstablished() === true) now.session.sendDTMF(key)
  else byId('number', HTMLInputElement, dialForm).value += key
}

byId('pad', HTMLElement).append(
  ...KEYS.map((key) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = key
    button.dataset['key'] = key
    button.addEventListener('click', () => press(key))
    return button
  }),
)
signIn.addEventListener('submit', (event) => {
  event.preventDefault()
  start(fieldsOf(signIn))
})
dialForm.addEventListener('submit', (event) => {
  event.preventDefault()
  call(fieldsOf(dialForm)['number'] ?? '')
})
const onClick = (id: string, act: () => void): void => byId(id, HTMLElement).addEventListener('click', act)
onClick('erase', () => {
  const number = byId('number', HTMLInputElement, dialForm)
  number.value = number.value.slice(0, -1)
})
onClick('sign-out', stop)
onClick('answer', () => now.session?.answer(MEDIA))
onClick('hang-up', () => now.session?.terminate())
onClick('mute', () => {
  const muted = now.session?.isMuted().audio === true
  if (muted) now.session?.unmute({ audio: true })
  else now.session?.mute({ audio: true })
  mute?.setAttribute('aria-pressed', String(!muted))
})
onClick('hold', () => {
  const { session } = now
  if (session === undefined) return
  const held = session.isOnHold().local
  // The other side has to agree before it can be asked again (RFC 3261, 14.1).
  const agreed = (): void => hold?.removeAttribute('disabled')
  const asked = held ? session.unhold({}, agreed) : session.hold({}, agreed)
  if (!asked) return
  hold?.setAttribute('disabled', '')
  hold?.setAttribute('aria-pressed', String(!held))
})

const settings: unknown = await fetch('settings.json').then((answer) => answer.json())
const server = byId('server', HTMLInputElement, signIn)
server.value =
  typeof settings === 'object' &&
  settings !== null &&
  'wssUrl' in settings &&
  typeof settings.wssUrl === 'string'
    ? settings.wssUrl
    : `wss://${window.location.hostname}:7443`
