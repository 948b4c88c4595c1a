import type { FiredEvent } from './exchange.ts'

/** What `myevents` subscribes to (mod_event_socket.c). */
export const MY_EVENTS: readonly string[] = [
  'CHANNEL_ANSWER',
  'CHANNEL_APPLICATION',
  'CHANNEL_BRIDGE',
  'CHANNEL_CREATE',
  'CHANNEL_DATA',
  'CHANNEL_DESTROY',
  'CHANNEL_EXECUTE',
  'CHANNEL_EXECUTE_COMPLETE',
  'CHANNEL_HANGUP',
  'CHANNEL_HANGUP_COMPLETE',
  'CHANNEL_ORIGINATE',
  'CHANNEL_UUID',
  'CHANNEL_OUTGOING',
  'CHANNEL_PARK',
  'CHANNEL_PROGRESS',
  'CHANNEL_PROGRESS_MEDIA',
  'CHANNEL_STATE',
  'CHANNEL_UNBRIDGE',
  'CHANNEL_UNPARK',
  'DETECTED_SPEECH',
  'DTMF',
  'NOTALK',
  'TALK',
]

/** Owns which events one connection gets: its subscriptions and filters. Each command answers its reply. */
export class EventSelection {
  format: 'plain' | 'json' = 'plain'
  /** Set by `myevents`. */
  onlyUuid: string | undefined
  readonly #names = new Set<string>()
  readonly #subclasses = new Set<string>()
  readonly #filters: { readonly header: string; readonly value: string }[] = []
  #enabled = false

  add(names: readonly string[]): void {
    this.#enabled = true
    for (const name of names) this.#names.add(name)
  }

  subscribe(rest: string): string {
    const words = rest.split(' ').filter((word) => word !== '')
    const [first] = words
    if (first === 'plain' || first === 'json' || first === 'xml') {
      if (first !== 'xml') this.format = first
      words.shift()
    }
    let keys = 0
    let custom = false
    for (const word of words) {
      if (custom) this.#subclasses.add(word)
      else {
        keys++
        this.#names.add(word.toUpperCase())
        custom = word.toUpperCase() === 'CUSTOM'
      }
    }
    if (keys === 0) return '-ERR no keywords supplied'
    this.#enabled = true
    return `+OK event listener enabled ${this.format}`
  }

  unsubscribe(rest: string): string {
    const words = rest.split(' ').filter((word) => word !== '')
    if (words.length === 0) return '-ERR no keywords supplied'
    let custom = false
    for (const word of words) {
      if (custom) this.#subclasses.delete(word)
      else if (word.toUpperCase() === 'CUSTOM') custom = true
      else if (word.toUpperCase() === 'ALL') this.#names.clear()
      else this.#names.delete(word.toUpperCase())
    }
    return '+OK events nixed'
  }

  clear(): string {
    if (!this.#enabled) return '-ERR not listening for events'
    this.#enabled = false
    this.#names.clear()
    this.#subclasses.clear()
    return '+OK no longer listening for events'
  }

  filter(rest: string): string {
    const [first = '', second, ...more] = rest.trim().split(' ')
    if (first === 'delete') {
      const value = more.join(' ')
      const kept = this.#filters.filter(
        ({ header, value: of }) => second !== 'all' && (header !== second || (value !== '' && of !== value)),
      )
      this.#filters.splice(0, this.#filters.length, ...kept)
      return `+OK filter deleted. [${second ?? ''}][${value}]`
    }
    const [header, value] =
      first === 'add' ? [second ?? '', more.join(' ')] : [first, [second ?? '', ...more].join(' ').trim()]
    if (value === '') return '-ERR invalid syntax'
    this.#filters.push({ header, value })
    return `+OK filter added. [${header}]=[${value}]`
  }

  wants(event: FiredEvent): boolean {
    if (!this.#enabled) return false
    if (!this.#names.has('ALL')) {
      if (!this.#names.has(event.name)) return false
      if (event.name === 'CUSTOM' && event.subclass !== undefined && !this.#subclasses.has(event.subclass))
        return false
    }
    if (this.onlyUuid !== undefined) {
      const own =
        event.headers['Unique-ID'] === this.onlyUuid || event.headers['Job-Owner-UUID'] === this.onlyUuid
      if (!own) return false
    }
    return this.#filters.length === 0 || this.#passes(event)
  }

  /** Alternatives; `-value` keeps out; `/pattern/` is a regular expression (mod_event_socket.c, event_handler). */
  #passes(event: FiredEvent): boolean {
    let send = false
    for (const { header, value } of this.#filters) {
      const found = headerOf(event, header)
      if (found === undefined) continue
      const positive = !value.startsWith('-')
      if (send && positive) continue
      const wanted = value.replace(/^[+\- ]+/, '')
      const pattern = /^\/(.*)\/$/.exec(wanted)?.[1]
      const matches =
        pattern === undefined ? found.toLowerCase() === wanted.toLowerCase() : new RegExp(pattern).test(found)
      if (!matches) continue
      if (!positive) return false
      send = true
    }
    return send
  }
}

const headerOf = (event: FiredEvent, header: string): string | undefined => {
  const direct = event.headers[header]
  if (direct !== undefined) return direct
  const lower = header.toLowerCase()
  return Object.entries(event.headers).find(([name]) => name.toLowerCase() === lower)?.[1]
}
