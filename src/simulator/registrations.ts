/** Owns who is registered where: what sofia_contact finds and `sofia status profile X reg` shows. */
export type Registration = {
  readonly profile: string
  readonly username: string
  readonly domain: string
  readonly callId: string
  readonly networkIp: string
  readonly networkPort: number
  readonly userAgent: string
  readonly registeredAt: number
  /** `sip:user@ip:port`, without the angle brackets. */
  readonly contact: string
}

export type Registrations = {
  /** The newer contact replaces the older: a profile without multiple-registrations. */
  readonly add: (registration: Registration) => void
  readonly remove: (username: string, domain: string) => Registration | undefined
  readonly find: (username: string, domain: string) => Registration | undefined
  readonly all: () => readonly Registration[]
  /** Where a phone is reached: its registration, or a contact made up for one that only the scenario knows. */
  readonly contactOf: (username: string, domain: string) => string
  /** Whose phone a contact is. */
  readonly phoneAt: (contact: string) => { readonly username: string; readonly domain: string } | undefined
  readonly nextPort: () => number
}

export const createRegistrations = (): Registrations => {
  const registrations = new Map<string, Registration>()
  const contacts = new Map<string, string>()
  const phones = new Map<string, { username: string; domain: string }>()
  let port = 20_000
  const keyOf = (username: string, domain: string): string => `${username}@${domain}`
  const nextPort = (): number => {
    port = port >= 60_000 ? 20_001 : port + 1
    return port
  }
  const addContact = (username: string, domain: string, contact: string): void => {
    contacts.set(keyOf(username, domain), contact)
    phones.set(contact, { username, domain })
  }
  return {
    add: (registration) => {
      registrations.set(keyOf(registration.username, registration.domain), registration)
      addContact(registration.username, registration.domain, registration.contact)
    },
    remove: (username, domain) => {
      const registration = registrations.get(keyOf(username, domain))
      registrations.delete(keyOf(username, domain))
      return registration
    },
    find: (username, domain) => registrations.get(keyOf(username, domain)),
    all: () => [...registrations.values()],
    contactOf: (username, domain) => {
      const known = contacts.get(keyOf(username, domain))
      if (known !== undefined) return known
      const contact = `sip:${username}@127.0.0.1:${nextPort()}`
      addContact(username, domain, contact)
      return contact
    },
    phoneAt: (contact) => phones.get(contact),
    nextPort,
  }
}
