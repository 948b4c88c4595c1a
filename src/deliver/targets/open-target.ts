/** The kinds of targets. To add one, write its file and a row here. */
import { billing } from './billing.ts'
import { ga4 } from './ga4.ts'
import { hubspot } from './hubspot.ts'
import { salesforce } from './salesforce.ts'
import type { Sections } from './mapping.ts'
import type { Target, TargetFields, TargetKind, TargetType } from './target.ts'
import { zendesk } from './zendesk.ts'

const TYPES: Readonly<Record<TargetKind, TargetType>> = { salesforce, hubspot, zendesk, ga4, http: billing }

/** Throws DELIVER_BAD_INPUT naming the field. */
export const openTarget = (
  kind: TargetKind,
  fields: TargetFields,
  urlFault: (url: string) => string | undefined,
): Target => TYPES[kind].open(fields, urlFault)

export const defaultMapping = (kind: TargetKind): Sections => TYPES[kind].defaults
