/**
 * XML as FreeSWITCH reads it. What we serve passes its preprocessor, line by line and before any XML parser:
 * `X-PRE-PROCESS` there runs shell commands, `$${...}` expands, `<?`, `<!--` and `<include` swallow lines
 * (switch_xml.c, preprocess). Every value goes through `xml`, after which none of these can stand in it, and
 * reads back as it was sent.
 */

/** A piece of XML that is ready to be sent. Made by the `xml` tag only. */
export class Xml {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }

  /** For the tag below; a value is never passed here unescaped. */
  static trusted(text: string): Xml {
    return new Xml(text)
  }
}

type Value = string | number | Xml | readonly Xml[]

/** Tagged template: what is written stays, what is put in is escaped, unless it is Xml itself. */
export const xml = (literals: TemplateStringsArray, ...values: readonly Value[]): Xml => {
  let text = literals[0] ?? ''
  values.forEach((value, index) => {
    text += render(value) + (literals[index + 1] ?? '')
  })
  return Xml.trusted(text)
}

const render = (value: Value): string => {
  if (typeof value === 'string') return escapeXml(value)
  if (typeof value === 'number') return String(value)
  if (value instanceof Xml) return value.toString()
  return value.map((piece) => piece.toString()).join('')
}

/**
 * Characters that XML or the preprocessor reads become numeric references, which FreeSWITCH's parser resolves
 * after the preprocessor has gone by. Characters that XML 1.0 cannot carry at all become U+FFFD.
 */
export const escapeXml = (text: string): string =>
  // Nearly every value is plain: one test is cheaper than a replace.
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  /[&<>"'$\u0000-\u001f\u007f\ud800-\udfff\ufffe\uffff]|pre-process/i.test(text)
    ? text
        // eslint-disable-next-line no-control-regex -- control characters are what is replaced
        .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
        .toWellFormed()
        .replace(/[&<>"'$\t\r\n\u007f]/g, (character) => `&#${character.charCodeAt(0)};`)
        .replace(/pre-process/gi, (word) => word.replace('-', '&#45;'))
    : text

/** A whole document. The declaration stands on a line of its own: the preprocessor drops the line that holds it. */
export const document = (section: string, content: Xml): string =>
  `<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<document type="freeswitch/xml">\n<section name="${escapeXml(section)}">\n${content.toString()}\n</section>\n</document>\n`

/** Makes FreeSWITCH go on to its next binding and its static files (mod_xml_curl; switch_xml.c, switch_xml_locate). */
export const NOT_FOUND = document('result', xml`<result status="not found"/>`)
