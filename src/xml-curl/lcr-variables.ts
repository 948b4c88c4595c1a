/**
 * Routes for a dialplan that is not ours. Theirs says
 *
 *     <action application="set" data="lcr_profile=cheapest"/>
 *     <action application="execute_extension" data="442079460123 XML lcr"/>
 *     <action application="bridge" data="${lcr_auto_route}"/>
 *
 * and ours answers with an extension that sets variables by mod_lcr's names and does nothing else. Each route carries
 * what the legs of our own dialplan carry, so that their records are rated alike.
 *
 * `lcr_auto_route` joins the routes by `|`, after which FreeSWITCH goes on whatever a callee says, busy included. A
 * dialplan that wants to stop there bridges `lcr_route_1` to `lcr_route_n` one by one, with continue_on_fail.
 */
import { CALL_VARIABLE, encodeCarried } from '../call/carried.ts'
import type { Plan } from '../call/plan.ts'
import { dialStringOf } from './hunt-actions.ts'
import { formatMoney } from '../telephony/money.ts'
import { document, xml, type Xml } from './document.ts'

export const LCR_CONTEXT = 'lcr'

export const renderLcrVariables = (plan: Plan): string => {
  const { target, call, numberClass } = plan
  if (target.kind !== 'carriers') {
    const refused = target.kind === 'refuse' ? (target.refusal ?? target.cause) : 'INVALID_DESTINATION'
    return renderLcrError(refused, target.kind === 'refuse' ? target.why : '')
  }
  const routes = target.attempts.map((attempt) => dialStringOf(attempt).toString())
  return render([
    `${CALL_VARIABLE}=${encodeCarried(call)}`,
    `lcr_query_digits=${numberClass.number.replace(/\D/g, '')}`,
    `lcr_route_count=${routes.length}`,
    ...target.attempts.flatMap(({ carried }, index) => [
      `lcr_route_${carried.n}=${routes[index] ?? ''}`,
      `lcr_carrier_${carried.n}=${safe(carried.carrierName)}`,
      ...(carried.rate === undefined
        ? []
        : [`lcr_rate_${carried.n}=${formatMoney(carried.rate.tariff.pricePerMinute)}`]),
    ]),
    `lcr_auto_route=${routes.join('|')}`,
  ])
}

/** `code`: a refusal's kind, or what is wrong with the question. */
export const renderLcrError = (code: string, why: string): string =>
  render(['lcr_route_count=0', `lcr_error=${code}`, `lcr_error_why=${safe(why)}`])

/** `set` expands `${...}`: of free text only what FreeSWITCH reads nothing into is left. */
const safe = (text: string): string => text.replace(/[^\p{L}\p{N} .,:;()_+-]/gu, ' ')

/** What an earlier answer left on the channel must not be taken for this one's; set to nothing, it is unset. */
const LEFT_BEFORE = ['lcr_auto_route=', 'lcr_error=', 'lcr_error_why=']

const render = (settings: readonly string[]): string =>
  document(
    'dialplan',
    xml`<context name="${LCR_CONTEXT}">
<extension name="strowger">
<condition>
${[...LEFT_BEFORE, ...settings].map(renderSet)}</condition>
</extension>
</context>`,
  )

const renderSet = (setting: string): Xml => xml`<action application="set" data="${setting}"/>\n`
