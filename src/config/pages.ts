/** The pages for people: the phone in the browser, the adapter that Salesforce embeds. */
import type { Reader } from './reader.ts'

export type PagesConfig = {
  /** Where browsers reach the switch's secure WebSocket; undefined: port 7443 of the host that served the page. */
  readonly wssUrl: string | undefined
  /** Origins that may embed the adapter; the first has the Open CTI script. */
  readonly salesforceOrigins: readonly string[]
}

export const readPages = ({ url, list, problem }: Reader): PagesConfig => {
  const salesforceOrigins = list('STROWGER_SALESFORCE_ORIGINS')
  for (const origin of salesforceOrigins) {
    // They stand in a Content-Security-Policy: nothing but an origin.
    if (!/^https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?$/.test(origin))
      problem(
        `STROWGER_SALESFORCE_ORIGINS has "${origin}": it takes origins such as https://acme.my.salesforce.com`,
      )
  }
  return { wssUrl: url('STROWGER_WSS_URL', ['wss:']), salesforceOrigins }
}
