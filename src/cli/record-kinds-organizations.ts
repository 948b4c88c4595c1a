/** Kinds of record: whom we serve. */
import { recordId } from './context.ts'
import { cell, name, organization, type Field, type RecordKind } from './record-fields.ts'

/** What help is told of who calls. */
const emergency: readonly Field[] = [
  {
    key: 'emergencyCallerId',
    takes: 'number',
    describe: 'what help is shown, in E.164 form',
    canBeEmpty: true,
  },
  {
    key: 'emergencyAddress',
    takes: 'address',
    describe: 'the street address that is registered with it',
    canBeEmpty: true,
  },
  {
    key: 'emergencyLocationUri',
    takes: 'uri',
    describe: 'a location by reference, for the Geolocation header',
    canBeEmpty: true,
  },
]

export const organizations: RecordKind = {
  path: 'organizations',
  key: 'organization',
  word: 'organisation',
  describe: 'the organisations that we serve',
  fields: [
    name,
    { key: 'sipDomain', takes: 'domain', describe: "its phones' SIP domain", needed: true },
    { key: 'country', takes: 'code', describe: 'whose dial plan it uses, such as GB', needed: true },
    { key: 'currency', takes: 'code', describe: 'what it pays in, such as GBP', needed: true },
    { key: 'defaultCallerId', takes: 'number', describe: 'what it shows, in E.164 form', canBeEmpty: true },
    {
      key: 'mainNumber',
      takes: 'number',
      describe: 'what it shows where there is no default',
      canBeEmpty: true,
    },
    ...emergency,
    {
      key: 'lcrProfileId',
      option: 'lcr-profile',
      takes: 'id',
      describe: 'the profile that its calls go by',
      parse: recordId,
      canBeEmpty: true,
    },
    {
      key: 'timeZone',
      takes: 'name',
      describe: "whose days and months its reports have, such as Europe/London (default: its profile's)",
      canBeEmpty: true,
    },
  ],
  columns: [
    ['NAME', cell('name')],
    ['DOMAIN', cell('sipDomain')],
    ['COUNTRY', cell('country')],
    ['CURRENCY', cell('currency')],
    ['CALLER ID', cell('defaultCallerId')],
    ['LCR PROFILE', cell('lcrProfileId')],
  ],
  examples: [
    'organizations add --name Acme --sip-domain acme.example --country GB --currency GBP',
    'organizations set 2 --lcr-profile 3',
    'organizations set 2 --default-caller-id none',
  ],
}

const user: Field = {
  key: 'userId',
  option: 'user',
  takes: 'id',
  describe: 'its user',
  parse: recordId,
  needed: true,
}

export const users: RecordKind = {
  path: 'users',
  key: 'user',
  word: 'user',
  describe: 'the people of an organisation',
  fields: [
    organization,
    name,
    { key: 'extension', takes: 'digits', describe: '2 to 10 digits', needed: true },
    { key: 'callerId', takes: 'number', describe: 'what the user shows, in E.164 form', canBeEmpty: true },
    {
      key: 'presentation',
      takes: 'how',
      describe: 'withheld: callees do not see the number (allowed)',
      choices: ['allowed', 'withheld'],
    },
    ...emergency,
  ],
  columns: [
    ['ORGANISATION', cell('organizationId')],
    ['EXTENSION', cell('extension')],
    ['NAME', cell('name')],
    ['CALLER ID', cell('callerId')],
  ],
  examples: [
    'users add --organization 1 --name "Ada Lovelace" --extension 1001',
    'users set 1 --presentation withheld',
    'users set 1 --emergency-caller-id +442079460100 --emergency-address "1 High Street, London"',
  ],
}

export const devices: RecordKind = {
  path: 'devices',
  key: 'device',
  word: 'device',
  describe: 'the phones of users',
  fields: [user],
  credentials: 'fields',
  columns: [
    ['USER', cell('userId')],
    ['USER NAME', cell('username')],
  ],
  examples: [
    'devices add --user 1 --username 1001 --password-stdin',
    'devices set 1 --password-stdin < password',
  ],
}

export const numbers: RecordKind = {
  path: 'numbers',
  key: 'number',
  word: 'number',
  describe: 'our own numbers, each with the user whom it rings',
  fields: [
    { ...organization, stays: false },
    { key: 'number', takes: 'number', describe: 'in E.164 form', needed: true },
    { ...user, describe: 'the user whom it rings' },
  ],
  columns: [
    ['ORGANISATION', cell('organizationId')],
    ['NUMBER', cell('number')],
    ['USER', cell('userId')],
  ],
  examples: ['numbers add --organization 1 --number +442079460100 --user 1'],
}
