/**
 * Phrases, made of tones so that they are heard without any sound package. FreeSWITCH asks when `phrase:NAME`
 * is played (switch_ivr_say.c, switch_ivr_phrase_macro_event).
 */
import { document, NOT_FOUND, xml } from './document.ts'

/** Named so that a document of ours never shadows phrases that an operator installed. */
export const LANGUAGE = 'strowger'

const PHRASES: Readonly<Record<string, string>> = {
  /** Special information tone (ITU-T E.180): this call cannot be completed. */
  unavailable: 'tone_stream://%(330,0,950);%(330,0,1400);%(330,1000,1800)',
  beep: 'tone_stream://%(200,0,1000)',
}

export const renderLanguage = (language: string): string => {
  if (language !== LANGUAGE) return NOT_FOUND
  const macros = Object.entries(PHRASES).map(
    ([name, sound]) => xml`<macro name="${name}">
<input pattern="(.*)"><match><action function="play-file" data="${sound}"/></match></input>
</macro>
`,
  )
  return document(
    'languages',
    xml`<language name="${LANGUAGE}" say-module="en">
<phrases>
<macros>
${macros}</macros>
</phrases>
</language>`,
  )
}
