/**
 * A Salesforce Open CTI adapter: a click on a number in Salesforce rings the user's phone and then the number, over
 * POST /v1/calls/originate; what happens comes back over GET /v1/live; an ended call becomes a task of the record.
 * An example to start from: it shows one call at a time. The token is kept for this browser tab only.
 */
import { byId, fieldsOf } from './elements.ts'
import { readServerSentEvents } from './event-stream.ts'

/** What this page uses of opencti_min.js (Salesforce, Open CTI Developer Guide, Lightning Experience methods). */
type OpenCti = {
  readonly enableClickToDial: (wish: { readonly callback: (answer: { success: boolean }) => void }) => void
  readonly onClickToDial: (wish: { readonly listener: (click: ClickToDial) => void }) => void
  readonly setSoftphonePanelVisibility: (wish: { readonly visible: boolean }) => void
  readonly saveLog: (wish: { readonly value: Readonly<Record<string, unknown>> }) => void
}

type ClickToDial = { readonly number: string; readonly recordId?: string; readonly objectType?: string }

type Login = { readonly userId: number; readonly token: string }

const KEPT = 'strowger-cti'
const state = byId('state', HTMLElement)
const signIn = byId('sign-in', HTMLFormElement)
const now: { login: Login | undefined; callId: string | undefined } = { login: undefined, callId: undefined }

const show = (name: string, words: string): void => {
  state.dataset['state'] = name
  state.textContent = words
  signIn.hidden = now.login !== undefined
  byId('talk', HTMLElement).hidden = now.callId === undefined
}

const signedIn = (login: Login): void => {
  now.login = login
  sessionStorage.setItem(KEPT, JSON.stringify(login))
  show('ready', 'Ready: click a number')
}

const signedOut = (why: string): void => {
  now.login = undefined
  sessionStorage.removeItem(KEPT)
  show('signed-out', why)
}

const ask = (path: string, { token }: Login, method: string, body?: unknown): Promise<Response> =>
  fetch(path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

const dial = async (click: ClickToDial, cti: OpenCti): Promise<void> => {
  const { login } = now
  cti.setSoftphonePanelVisibility({ visible: true })
  if (login === undefined || now.callId !== undefined) return
  byId('party', HTMLElement).textContent = click.number
  show('calling', 'Your phone rings first')
  const answer = await ask('/v1/calls/originate', login, 'POST', {
    destination: click.number,
    userId: login.userId,
    ...(click.recordId === undefined ? {} : { salesforceRecordId: click.recordId }),
    ...(click.objectType === undefined ? {} : { salesforceObjectType: click.objectType }),
  })
  const json = (await answer.json()) as {
    readonly callId?: string
    readonly error?: { readonly message: string; readonly userMessage?: string }
  }
  if (answer.status === 401) {
    signedOut('The token is not valid')
    return
  }
  if (json.callId === undefined) {
    show('failed', json.error?.userMessage ?? json.error?.message ?? 'The call could not be made')
    return
  }
  now.callId = json.callId
  await follow(json.callId, login, click, cti)
}

const WORDS: Readonly<Record<string, string>> = {
  initiated: 'Your phone rings first',
  ringing: 'Ringing',
  answered: 'Connecting',
  talking: 'Talking',
}

type Told = {
  readonly kind: string
  readonly call: {
    readonly state: string
    readonly answeredAt: string | null
    readonly endedAt: string | null
  }
}

const follow = async (callId: string, login: Login, click: ClickToDial, cti: OpenCti): Promise<void> => {
  show('calling', WORDS['initiated'] ?? '')
  const stream = await ask(`/v1/live?callId=${callId}&after=0`, login, 'GET')
  for await (const text of readServerSentEvents(stream)) {
    const { kind, call } = JSON.parse(text) as Told
    if (kind !== 'call-ended') {
      if (call.state !== 'ended') show(call.state, WORDS[call.state] ?? call.state)
      continue
    }
    now.callId = undefined
    show('ready', call.answeredAt === null ? 'Not answered' : 'Ended')
    if (click.recordId !== undefined) cti.saveLog({ value: taskOf(click, call) })
    return
  }
}

const taskOf = (
  { number, recordId }: ClickToDial,
  call: Told['call'],
): Readonly<Record<string, unknown>> => ({
  entityApiName: 'Task',
  Subject: `Call to ${number}`,
  Status: 'Completed',
  CallType: 'Outbound',
  CallDisposition: call.answeredAt === null ? 'No answer' : 'Answered',
  CallDurationInSeconds:
    call.answeredAt === null || call.endedAt === null
      ? 0
      : Math.round((Date.parse(call.endedAt) - Date.parse(call.answeredAt)) / 1000),
  ...(/^00[35Q]/.test(recordId ?? '') ? { WhoId: recordId } : { WhatId: recordId }),
})

/** The script of the Salesforce that embeds us: the engine names it, and its policy lets no other in. */
const loadOpenCti = async (): Promise<OpenCti> => {
  const settings = (await (await fetch('settings.json')).json()) as { readonly openCtiUrl: string | null }
  if (settings.openCtiUrl === null) throw new Error('STROWGER_SALESFORCE_ORIGINS is not set')
  const script = document.createElement('script')
  script.src = settings.openCtiUrl
  await new Promise((resolve, reject) => {
    script.addEventListener('load', resolve)
    script.addEventListener('error', () => reject(new Error('Salesforce cannot be reached')))
    document.head.append(script)
  })
  const loaded = (window as { sforce?: { opencti?: OpenCti } }).sforce?.opencti
  if (loaded === undefined) throw new Error('Salesforce sent no Open CTI')
  return loaded
}

signIn.addEventListener('submit', (event) => {
  event.preventDefault()
  const { userId = '', token = '' } = fieldsOf(signIn)
  signedIn({ userId: Number(userId), token })
})
byId('hang-up', HTMLElement).addEventListener('click', () => {
  if (now.login !== undefined && now.callId !== undefined)
    void ask(`/v1/calls/${now.callId}`, now.login, 'DELETE')
})
const kept = sessionStorage.getItem(KEPT)
if (kept !== null) signedIn(JSON.parse(kept) as Login)
try {
  const cti = await loadOpenCti()
  cti.enableClickToDial({ callback: () => undefined })
  cti.onClickToDial({
    listener: (click) => {
      dial(click, cti).catch((fault: unknown) => {
        now.callId = undefined
        show('failed', fault instanceof Error ? fault.message : 'The call could not be made')
      })
    },
  })
  document.body.dataset['ready'] = 'true'
} catch (fault) {
  show('failed', fault instanceof Error ? fault.message : 'Open CTI could not be loaded')
}
