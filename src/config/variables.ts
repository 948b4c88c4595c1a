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
    name: 'RECORDING_DIR',
    describe: 'folder in which the switch records; unset: recordings in the data directory',
    fallback: '',
  },
  {
    name: 'FREESWITCH_RECORDING_DIR',
    describe: 'the same folder as the switch sees it, where that differs',
    fallback: '',
  },
  {
    name: 'STROWGER_SOUND_DIR',
    describe: 'folder of uploaded sounds, which the switch plays; unset: sounds in the data directory',
    fallback: '',
  },
  {
    name: 'FREESWITCH_SOUND_DIR',
    describe: 'the same folder as the switch sees it, where that differs',
    fallback: '',
  },
  {
    name: 'RECORDING_STORE_DIR',
    describe: 'folder of finished recordings; unset: recording-store in the data directory',
    fallback: '',
  },
  {
    name: 'RECORDING_BUCKET',
    describe: 'bucket of S3 that keeps them instead; credentials as the AWS SDK finds them',
    fallback: '',
  },
  {
    name: 'RECORDING_S3_ENDPOINT',
    describe: 'another server that speaks S3, https://host:port',
    fallback: '',
  },
  {
    name: 'RECORDING_S3_REGION',
    describe: 'its region; unset: as the AWS SDK finds it',
    fallback: '',
  },
  {
    name: 'RECORDING_S3_PATH_STYLE',
    describe: 'true: endpoint/bucket/key; unset: only with an endpoint of its own',
    fallback: '',
  },
  {
    name: 'RECORDING_S3_ENCRYPTION',
    describe: 'AES256, aws:kms or none, beside our own; unset: AES256 at Amazon',
    fallback: '',
  },
  {
    name: 'RECORDING_S3_STORAGE_CLASS',
    describe: 'storage class of new recordings, such as STANDARD_IA',
    fallback: '',
  },
  {
    name: 'RECORDING_FORMAT',
    describe: 'wav, mp3 or ogg, for recordings under no policy',
    fallback: 'wav',
  },
  {
    name: 'RECORDING_ENCRYPT',
    describe: 'false: recordings under no policy are not encrypted',
    fallback: 'true',
  },
  {
    name: 'RECORDING_RETENTION_DAYS',
    describe: 'days that recordings under no policy are kept; 0: for ever',
    fallback: '0',
  },
  {
    name: 'RECORDING_PURGE_DAYS',
    describe: 'days until a deleted recording leaves the store',
    fallback: '7',
  },
  {
    name: 'RECORDING_RESERVE_MB',
    describe: 'megabytes of the disk that taking in recordings leaves free',
    fallback: '500',
  },
  {
    name: 'CDR_RETENTION_DAYS',
    describe: 'days that call records are kept; 0: for ever',
    fallback: '365',
  },
  {
    name: 'SIP_CUSTOM_HEADERS',
    describe: 'SIP headers that a request may add to a call, beyond those that begin with X-',
    fallback: '',
  },
  {
    name: 'WEBHOOK_ALLOW_NETWORKS',
    describe: 'networks in CIDR form that webhooks may reach although they are private',
    fallback: '',
  },
  { name: 'WEBHOOK_ALLOW_HTTP', describe: 'true: webhooks may be http, not only https', fallback: 'false' },
  {
    name: 'WEBHOOK_GIVE_UP',
    describe: 'hours after which an event that nobody takes is given up',
    fallback: '72',
  },
  {
    name: 'WEBHOOK_LOG_DAYS',
    describe: 'days that the log of deliveries goes back',
    fallback: '30',
  },
  {
    name: 'AMD_ENABLED',
    describe: 'true: every call to a carrier is listened to for an answering machine, not only those that ask',
    fallback: 'false',
  },
  {
    name: 'AMD_ACTION',
    describe: 'what AMD_ENABLED does with a machine: connect (it is only noted) or hangup',
    fallback: 'connect',
  },
  {
    name: 'AMD_INITIAL_SILENCE',
    describe: 'milliseconds without a word after which nothing can be told',
    fallback: '2500',
  },
  {
    name: 'AMD_GREETING',
    describe: 'milliseconds from the first word to the last that a person takes at the most',
    fallback: '1500',
  },
  {
    name: 'AMD_AFTER_GREETING_SILENCE',
    describe: 'milliseconds of silence after a greeting by which a person waits',
    fallback: '800',
  },
  {
    name: 'AMD_TOTAL_ANALYSIS_TIME',
    describe: 'milliseconds after which the call is connected, whatever is known',
    fallback: '5000',
  },
  {
    name: 'AMD_MIN_WORD_LENGTH',
    describe: 'milliseconds; shorter sounds are no words',
    fallback: '100',
  },
  {
    name: 'AMD_MAXIMUM_WORD_LENGTH',
    describe: 'milliseconds; a longer sound without a pause is a machine',
    fallback: '5000',
  },
  {
    name: 'AMD_BETWEEN_WORDS_SILENCE',
    describe: 'milliseconds of silence that part two words',
    fallback: '120',
  },
  {
    name: 'AMD_MAXIMUM_NUMBER_OF_WORDS',
    describe: 'more words than these are a machine',
    fallback: '3',
  },
  {
    name: 'AMD_SILENCE_THRESHOLD',
    describe: 'mean level, 0 to 32767, below which a line is silent',
    fallback: '256',
  },
  {
    name: 'AMD_DIR',
    describe: 'where the switch records what is listened to; unset: amd in the data directory',
    fallback: '',
  },
  {
    name: 'FREESWITCH_AMD_DIR',
    describe: 'the same folder as FreeSWITCH sees it; unset: as the engine does',
    fallback: '',
  },
  {
    name: 'ANSWER_CONFIRM_TIMEOUT',
    describe: 'seconds in which a callee may press 1, where that is asked for',
    fallback: '20',
  },
  {
    name: 'CALLER_ID_VERIFICATION_DAYS',
    describe: "days for which the proof that a number is somebody's is good; 0: for good",
    fallback: '365',
  },
  {
    name: 'VERIFICATION_SMS_URL',
    describe: 'where codes are posted to be sent as messages; {number} and {text} may stand in it',
    fallback: '',
  },
  {
    name: 'STIR_PRIVATE_KEY_FILE',
    describe: 'PEM of the EC key (P-256) that signs calls (STIR/SHAKEN); unset: they are not signed',
    fallback: '',
  },
  {
    name: 'STIR_CERTIFICATE_URL',
    describe: 'where its certificate is found; stands in every Identity',
    fallback: '',
  },
  {
    name: 'STIR_TRUST_ANCHORS_FILE',
    describe: 'PEM of the certificates that may sign those of carriers; unset: no Identity is checked',
    fallback: '',
  },
  {
    name: 'STIR_CERTIFICATE_HOSTS',
    describe: 'hosts from which the certificates of carriers are fetched, with commas between',
    fallback: '',
  },
  {
    name: 'STIR_VERIFY_TIMEOUT',
    describe: 'milliseconds that a call waits for the verdict at the most',
    fallback: '500',
  },
  {
    name: 'MAX_CALL_DURATION',
    describe: 'seconds after which a call is ended, as a safety',
    fallback: '7200',
  },
]
