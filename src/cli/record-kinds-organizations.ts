/** Kinds of record: whom we serve. */
import { recordId } from './context.ts'
import { cell, name, organization, type Field, type RecordKind } from './record-fields.ts'

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
      key: 'lcrProfileId',
      option: 'lcr-profile',
      takes: 'id',
      describe: 'the profile that its calls go by',
      parse: recordId,
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
  ],
  columns: [
    ['ORGANISATION', cell('organizationId')],
    ['EXTENSION', cell('extension')],
    ['NAME', cell('name')],
    ['CALLER ID', cell('callerId')],
  ],
  examples: ['users add --organization 1 --name "Ada Lovelace" --extension 1001'],
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
