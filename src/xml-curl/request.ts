/** What mod_xml_curl asks, read from its form once (mod_xml_curl.c, xml_url_fetch: section, tag_name, key_name, key_value, then the event's headers). */
import type { Form } from './form.ts'

export type XmlCurlRequest =
  | {
      readonly section: 'dialplan'
      readonly context: string
      readonly dialled: string
      readonly uuid: string
      readonly field: Field
    }
  | {
      readonly section: 'directory'
      readonly ask: DirectoryAsk
      readonly domain: string
      readonly field: Field
    }
  | {
      readonly section: 'configuration'
      readonly file: string
      readonly profile: string | undefined
      readonly field: Field
    }
  | { readonly section: 'languages'; readonly language: string; readonly field: Field }
  | { readonly section: 'other'; readonly field: Field }

export type DirectoryAsk =
  | {
      readonly kind: 'user'
      readonly username: string
      readonly action: string | undefined
      readonly address: string | undefined
      /** The number of an INVITE that is to be authenticated. */
      readonly dialled: string | undefined
    }
  /** Asked when a profile starts: which gateways, which networks does the directory know? Ours knows none. */
  | { readonly kind: 'purpose'; readonly purpose: string }

/** A field of the form, undefined where it is missing or empty. */
export type Field = (name: string) => string | undefined

export const readRequest = (form: Form): XmlCurlRequest => {
  const field: Field = (name) => {
    const value = form.get(name)
    return value === '' ? undefined : value
  }
  switch (field('section') ?? '') {
    case 'dialplan':
      return {
        section: 'dialplan',
        // Hunt-* is what a transfer or `reenter` asks for; Caller-* where the channel began (switch_caller.c).
        context: field('Hunt-Context') ?? field('Caller-Context') ?? '',
        dialled: field('Hunt-Destination-Number') ?? field('Caller-Destination-Number') ?? '',
        uuid: field('Unique-ID') ?? '',
        field,
      }
    case 'directory':
      return {
        section: 'directory',
        ask: directoryAsk(field),
        domain: field('domain') ?? field('key_value') ?? '',
        field,
      }
    case 'configuration':
      return { section: 'configuration', file: field('key_value') ?? '', profile: field('profile'), field }
    case 'languages':
      return { section: 'languages', language: field('key_value') ?? field('lang') ?? '', field }
    default:
      return { section: 'other', field }
  }
}

const directoryAsk = (field: Field): DirectoryAsk => {
  const purpose = field('purpose')
  const username = field('user')
  if (username === undefined) return { kind: 'purpose', purpose: purpose ?? '' }
  return {
    kind: 'user',
    username,
    action: field('action'),
    address: field('ip'),
    dialled: field('sip_auth_method') === 'INVITE' ? field('sip_request_user') : undefined,
  }
}
