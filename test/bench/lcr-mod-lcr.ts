/**
 * mod_lcr as its source tells (FreeSWITCH 1.10.12, src/mod/applications/mod_lcr): its tables, what its default profile
 * asks, and which list of routes it makes of the rows.
 */

/** A carrier, its price in units of Money, and its prefix. */
export type Priced = readonly [carrier: number, price: number, prefix: string]

/** The columns, types and indexes of mod_lcr (FreeSWITCH 1.10.12, mod_lcr/sql/postgres-8.3.sql), each carrier with a gateway. */
export const modLcrTables = (carrierCount: number): string => `
  CREATE SCHEMA mod_lcr;
  SET search_path TO mod_lcr;
  CREATE TABLE carriers (
    id serial PRIMARY KEY, carrier_name varchar(255) NOT NULL, enabled boolean NOT NULL DEFAULT true);
  CREATE TABLE carrier_gateway (
    id serial PRIMARY KEY, carrier_id integer REFERENCES carriers, prefix varchar(128) NOT NULL DEFAULT '',
    suffix varchar(128) NOT NULL DEFAULT '', codec varchar(128) NOT NULL DEFAULT '',
    enabled boolean NOT NULL DEFAULT true);
  CREATE UNIQUE INDEX gateway ON carrier_gateway (prefix, suffix);
  CREATE TABLE lcr (
    id serial PRIMARY KEY, digits numeric(20,0), rate numeric(11,5), intrastate_rate numeric(11,5),
    intralata_rate numeric(11,5), carrier_id integer NOT NULL, lead_strip integer NOT NULL DEFAULT 0,
    trail_strip integer NOT NULL DEFAULT 0, prefix varchar(16) NOT NULL DEFAULT '',
    suffix varchar(16) NOT NULL DEFAULT '', lcr_profile integer NOT NULL DEFAULT 0,
    date_start timestamptz NOT NULL DEFAULT '1970-01-01', date_end timestamptz NOT NULL DEFAULT '2030-12-31',
    quality numeric(10,6) NOT NULL DEFAULT 0, reliability numeric(10,6) NOT NULL DEFAULT 0,
    cid varchar(32) NOT NULL DEFAULT '', enabled boolean NOT NULL DEFAULT true, lrn boolean NOT NULL DEFAULT false);
  INSERT INTO carriers (carrier_name) SELECT id FROM generate_series(1, ${carrierCount}) AS id ORDER BY id;
  INSERT INTO carrier_gateway (carrier_id, prefix) SELECT id, format('sofia/gateway/gw%s/', id) FROM carriers;
  INSERT INTO lcr (digits, rate, carrier_id, date_start, date_end)
    SELECT prefix, price / 1e8, carrier_id, effective_from, now() + interval '10 years' FROM public.indexed_rates;
  CREATE INDEX digits_rate ON lcr (digits, rate);
  CREATE INDEX profile_digits_15 ON lcr (digits, lcr_profile);
  CREATE INDEX unique_route ON lcr (digits, carrier_id);
  RESET search_path`

/** What the default profile asks, as text and not prepared (mod_lcr.c, lcr_load_config and lcr_do_lookup). */
export const modLcrQuestion = (digits: string) => {
  const list = prefixesOf(digits).join(', ')
  return {
    text: `SELECT l.digits AS lcr_digits, c.carrier_name AS lcr_carrier_name, l.rate AS lcr_rate_field,
        cg.prefix AS lcr_gw_prefix, cg.suffix AS lcr_gw_suffix, l.lead_strip AS lcr_lead_strip,
        l.trail_strip AS lcr_trail_strip, l.prefix AS lcr_prefix, l.suffix AS lcr_suffix, cg.codec AS lcr_codec,
        l.cid AS lcr_cid
      FROM lcr AS l JOIN carriers AS c ON c.id = l.carrier_id JOIN carrier_gateway AS cg ON cg.carrier_id = c.id
      WHERE c.enabled AND cg.enabled AND l.enabled
        AND ((l.digits IN (${list}) AND l.lrn = false) OR (l.digits IN (${list}) AND l.lrn = true))
        AND CURRENT_TIMESTAMP BETWEEN l.date_start AND l.date_end
      ORDER BY l.digits DESC, l.rate, random()`,
    rowMode: 'array' as const,
  }
}

/** Of each gateway the first row, in the order of the rows (mod_lcr.c, route_add_callback). Prices in 1e-5. */
export const routesOf = (rows: readonly (readonly string[])[]): readonly Priced[] => {
  const seen = new Set<string>()
  return rows.flatMap(([prefix = '', carrier = '', rate = '']): readonly Priced[] => {
    if (seen.has(carrier)) return []
    seen.add(carrier)
    return [[Number(carrier), Math.round(Number(rate) * 1e5), prefix]]
  })
}

/**
 * `reorder_by_rate`: the list that route_add_callback makes. A route that it puts before another one is not told what
 * stands before itself, so the next one that is put before it becomes the head, and what stood there is lost.
 */
export const reordered = (routes: readonly Priced[]): readonly Priced[] => {
  type Link = { readonly route: Priced; next: Link | undefined; before: Link | undefined }
  let head: Link | undefined
  for (const route of routes) {
    const added: Link = { route, next: undefined, before: undefined }
    if (head === undefined) head = added
    else {
      let at: Link = head
      while (at.route[1] <= route[1] && at.next !== undefined) at = at.next
      if (at.route[1] > route[1]) {
        if (at.before === undefined) head = added
        else at.before.next = added
        added.next = at
        at.before = added
      } else {
        at.next = added
        added.before = at
      }
    }
  }
  const list: Priced[] = []
  for (let at = head; at !== undefined; at = at.next) list.push(at.route)
  return list
}

/** The longest first. */
export const prefixesOf = (digits: string): readonly string[] =>
  Array.from({ length: digits.length }, (_, at) => digits.slice(0, digits.length - at))
