/** The engine itself: its neighbours, its doors, its keys. */
import type { Variable } from './variable.ts'

export const ENGINE_VARIABLES: readonly Variable[] = [
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
    name: 'STROWGER_MASTER_KEYS_OLD',
    describe: 'other such keys joined by commas, which open what they encrypted; for a rotation',
    fallback: '',
  },
  {
    name: 'STROWGER_JWT_ISSUER',
    describe: 'the iss of tokens of an identity provider; with audience and JWKS URL the API takes them',
    fallback: '',
  },
  { name: 'STROWGER_JWT_AUDIENCE', describe: 'the aud that they must have', fallback: '' },
  { name: 'STROWGER_JWT_JWKS_URL', describe: 'where its public keys are', fallback: '' },
  {
    name: 'STROWGER_JWT_ALGORITHMS',
    describe: 'how they may be signed, joined by commas',
    fallback: 'RS256',
  },
  {
    name: 'STROWGER_JWT_ORGANIZATION_CLAIM',
    describe: 'the claim with the id or SIP domain of the organisation; points lead into objects',
    fallback: 'organization_id',
  },
  { name: 'STROWGER_JWT_USER_CLAIM', describe: 'the claim with the id of the user', fallback: 'user_id' },
  {
    name: 'STROWGER_JWT_SCOPE_CLAIM',
    describe: 'the claim with the scopes, as a text or a list',
    fallback: 'scope',
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
  {
    name: 'STROWGER_WSS_URL',
    describe: "where browsers reach FreeSWITCH's secure WebSocket; unset: port 7443 of the page's own host",
    fallback: '',
  },
  {
    name: 'STROWGER_SALESFORCE_ORIGINS',
    describe:
      'https origins that may embed the click-to-dial page, separated by commas; the first has Open CTI',
    fallback: '',
  },
  {
    name: 'STROWGER_SOUND_DIR',
    describe: 'folder of uploaded sounds, which the switch plays; unset: sounds in the data directory',
    fallback: '',
  },
  {
    name: 'MAX_CALL_DURATION',
    describe: 'seconds after which a call is ended, as a safety',
    fallback: '7200',
  },
]
