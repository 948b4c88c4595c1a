/** What is done with calls besides routing them: recordings, callers' numbers, answering machines, events. */
import type { Variable } from './variable.ts'

export const CALL_VARIABLES: readonly Variable[] = [
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
    name: 'CDR_DETACHED_DAYS',
    describe:
      'days that months of call records which are over lie aside; 0: they are deleted at once, to the day',
    fallback: '30',
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
    describe:
      'true: every call to a carrier is listened to for an answering machine, not only those that ask',
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
    name: 'PREPAID_RESERVE',
    describe: 'seconds of talk that a prepaid call reserves ahead, where its balance has them',
    fallback: '120',
  },
  {
    name: 'PREPAID_GRACE',
    describe: 'seconds for which a prepaid call goes on beyond what it has reserved while no engine is there',
    fallback: '60',
  },
]
