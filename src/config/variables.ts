/** Every variable that the engine reads: for reading it, for `--help`, and for the test that holds the documents against this. */
type Variable = { readonly name: string; readonly describe: string; readonly fallback: string }

export const VARIABLES: readonly Variable[] = [
  {
    name: 'FREESWITCH_HOST',
    describe: "FreeSWITCH's event socket; set it to leave the trial",
    fallback: '127.0.0.1',
  },
  { name: 'FREESWITCH_PORT', describe: 'its port', fallback: '8021' },
  { name: 'FREESWITCH_PASSWORD', describe: 'its password', fallback: 'ClueCon' },
  {
    name: 'FREESWITCH_CDR_DIR',
    describe: "mod_json_cdr's err-log-dir, taken in when the engine was away",
    fallback: '',
  },
  {
    name: 'DATABASE_URL',
    describe: 'PostgreSQL, postgres://user:password@host:5432/name; set it to leave the trial',
    fallback: '',
  },
  {
    name: 'REDIS_URL',
    describe: 'Redis, for what several engines share; one engine needs none',
    fallback: '',
  },
  {
    name: 'STROWGER_DATA_DIR',
    describe: 'where the engine keeps its token, keys and spool',
    fallback: '.strowger',
  },
  { name: 'STROWGER_HTTP_HOST', describe: 'address of the HTTP API', fallback: '127.0.0.1' },
  { name: 'STROWGER_HTTP_PORT', describe: 'its port', fallback: '8080' },
  {
    name: 'STROWGER_SOCKET_HOST',
    describe: "address to which FreeSWITCH's socket application connects",
    fallback: '127.0.0.1',
  },
  { name: 'STROWGER_SOCKET_PORT', describe: 'its port', fallback: '8040' },
  {
    name: 'STROWGER_SOCKET_ADDRESS',
    describe: 'host:port that the dialplan names for it, several joined by |, where that is another',
    fallback: '',
  },
  { name: 'STROWGER_XML_CURL_USER', describe: 'user name that FreeSWITCH shows us', fallback: 'freeswitch' },
  {
    name: 'STROWGER_XML_CURL_PASSWORD',
    describe: 'its password; made at the first start where unset',
    fallback: '',
  },
  {
    name: 'STROWGER_MASTER_KEY',
    describe: '32 bytes in hex or base64 that encrypt secrets in the database',
    fallback: '',
  },
  {
    name: 'STROWGER_BAN_FAILURES',
    describe: 'failed registrations from one address before it is banned',
    fallback: '10',
  },
  { name: 'STROWGER_BAN_WINDOW', describe: 'seconds in which they count', fallback: '300' },
  { name: 'STROWGER_BAN_TIME', describe: 'seconds that a ban lasts', fallback: '3600' },
  {
    name: 'STROWGER_LOG_LEVEL',
    describe: 'trace, debug, info, warn, error or fatal; info (warn in a trial) where unset',
    fallback: '',
  },
  {
    name: 'STROWGER_LOG_NUMBERS',
    describe: 'true: telephone numbers stand in the log unmasked',
    fallback: 'false',
  },
  { name: 'LCR_MAX_ROUTES', describe: 'attempts per call at the most', fallback: '5' },
  {
    name: 'LCR_POST_DIAL_DELAY',
    describe: 'seconds that a caller may hear nothing, all attempts together',
    fallback: '30',
  },
  {
    name: 'LCR_DECISIONS',
    describe: 'which routing decisions are kept with their calls: all, refused or none',
    fallback: 'all',
  },
  {
    name: 'LCR_NPA_FILE',
    describe: 'CSV of area codes and states (npa,state,country) instead of the built-in table',
    fallback: '',
  },
  {
    name: 'LCR_LRN_URL',
    describe: 'where to look up location routing numbers, {number} stands for the number; unset: nowhere',
    fallback: '',
  },
  { name: 'LCR_LRN_TIMEOUT', describe: 'milliseconds that a call waits for it', fallback: '250' },
  { name: 'LCR_LRN_CACHE_TTL', describe: 'seconds that an answer is good', fallback: '86400' },
  {
    name: 'FAILOVER_ENABLED',
    describe: 'false: no gateway is left alone because of failures',
    fallback: 'true',
  },
  {
    name: 'FAILOVER_STRATEGY',
    describe: 'how routes that are equal in all share the calls: sequential, round_robin or weighted',
    fallback: 'sequential',
  },
  {
    name: 'FAILOVER_THRESHOLD',
    describe: 'failures in a row after which a gateway is left alone',
    fallback: '3',
  },
  { name: 'FAILOVER_WINDOW', describe: 'seconds within which they count', fallback: '300' },
  {
    name: 'FAILOVER_RECOVERY',
    describe: 'automatic: it is tried again; manual: a person resets it',
    fallback: 'automatic',
  },
  { name: 'FAILOVER_RECOVERY_INTERVAL', describe: 'seconds after which it is tried again', fallback: '60' },
  {
    name: 'FAILOVER_RECOVERY_THRESHOLD',
    describe: 'successes after which it carries calls as before',
    fallback: '5',
  },
  {
    name: 'FAILOVER_CAUSES',
    describe:
      'hangup causes and SIP statuses after which the next route is tried, instead of the built-in list',
    fallback: '',
  },
  {
    name: 'DRACHTIO_URL',
    describe: 'a drachtio server, drachtio://:secret@host:9022: SIP redirects and OPTIONS probes',
    fallback: '',
  },
  {
    name: 'SIP_REDIRECT_PEERS',
    describe: 'networks whose switches may ask it for a way, in CIDR form',
    fallback: '127.0.0.0/8,::1/128',
  },
  {
    name: 'SIP_OPTIONS_INTERVAL',
    describe: 'seconds between its OPTIONS to one gateway; 0: none',
    fallback: '30',
  },
  {
    name: 'MAX_CALL_DURATION',
    describe: 'seconds after which a call is ended, as a safety',
    fallback: '7200',
  },
]
