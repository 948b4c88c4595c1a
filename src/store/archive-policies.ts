/** Where recordings go when they are old: a folder of the store's disk, or a bucket and a storage class of it. */
import { STORAGE_CLASSES, type StorageClass } from '../config/storage-classes.ts'
import type { Queryable } from './database.ts'
import { badInput, guarded, id, matching, name, oneOf, whole } from './input.ts'

export type ArchivePolicy = {
  readonly id: number
  /** Undefined: every organisation's policies may name it. */
  readonly organizationId: number | undefined
  readonly name: string
  /** Since the recording began. */
  readonly afterDays: number
  readonly target: 'folder' | 'bucket'
  /** Below `archive/` of the store's folder: another disk is mounted there. */
  readonly folder: string | undefined
  readonly bucket: string | undefined
  readonly storageClass: StorageClass | undefined
}

export type NewArchivePolicy = {
  readonly organizationId?: number | null | undefined
  readonly name: string
  readonly afterDays: number
  readonly folder?: string | null | undefined
  readonly bucket?: string | null | undefined
  readonly storageClass?: string | null | undefined
}

/** Of an organisation, and those that are everybody's. */
export const listArchivePolicies = async (
  on: Queryable,
  organizationId: number | undefined,
): Promise<readonly ArchivePolicy[]> => {
  const rows = await on.query<Row>(
    `SELECT ${FIELDS} FROM archive_policies
     WHERE $1::integer IS NULL OR organization_id IS NULL OR organization_id = $1 ORDER BY id LIMIT 1000`,
    [organizationId ?? null],
  )
  return rows.map(toPolicy)
}

export const findArchivePolicy = async (
  on: Queryable,
  policyId: number,
  organizationId: number | undefined,
): Promise<ArchivePolicy | undefined> => {
  const rows = await on.query<Row>(
    `SELECT ${FIELDS} FROM archive_policies
     WHERE id = $1 AND ($2::integer IS NULL OR organization_id IS NULL OR organization_id = $2)`,
    [id('id', policyId), organizationId ?? null],
  )
  return rows.map(toPolicy)[0]
}

/** Throws STORE_BAD_INPUT naming the field. */
export const addArchivePolicy = async (on: Queryable, policy: NewArchivePolicy): Promise<ArchivePolicy> => {
  const folder = policy.folder ?? undefined
  const bucket = policy.bucket ?? undefined
  if ((folder === undefined) === (bucket === undefined))
    throw badInput('folder', 'an archive is either a folder or a bucket')
  const storageClass = policy.storageClass ?? undefined
  if (storageClass !== undefined && bucket === undefined)
    throw badInput('storageClass', 'only a bucket has storage classes')
  const [row] = await guarded(() =>
    on.query<Row>(
      `INSERT INTO archive_policies (organization_id, name, after_days, target, folder, bucket, storage_class)
       VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${FIELDS}`,
      [
        typeof policy.organizationId === 'number' ? id('organizationId', policy.organizationId) : null,
        name('name', policy.name, 255),
        whole('afterDays', policy.afterDays, 0, 36_500),
        folder === undefined ? 'bucket' : 'folder',
        folder === undefined
          ? null
          : matching('folder', folder, /^[A-Za-z0-9_-]{1,64}$/, 'it takes letters, digits, - and _'),
        bucket === undefined
          ? null
          : matching('bucket', bucket, /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'it takes the name of a bucket'),
        storageClass === undefined ? null : oneOf('storageClass', storageClass, STORAGE_CLASSES),
      ],
    ),
  )
  if (row === undefined) throw badInput('name', 'it was not kept')
  return toPolicy(row)
}

/** Recordings that were to go there stay where they are. */
export const removeArchivePolicy = async (on: Queryable, policyId: number): Promise<boolean> =>
  (await on.query('DELETE FROM archive_policies WHERE id = $1 RETURNING id', [id('id', policyId)])).length > 0

const FIELDS = 'id, organization_id, name, after_days, target, folder, bucket, storage_class'

type Row = {
  readonly id: number
  readonly organization_id: number | null
  readonly name: string
  readonly after_days: number
  readonly target: 'folder' | 'bucket'
  readonly folder: string | null
  readonly bucket: string | null
  readonly storage_class: StorageClass | null
}

const toPolicy = (row: Row): ArchivePolicy => ({
  id: row.id,
  organizationId: row.organization_id ?? undefined,
  name: row.name,
  afterDays: row.after_days,
  target: row.target,
  folder: row.folder ?? undefined,
  bucket: row.bucket ?? undefined,
  storageClass: row.storage_class ?? undefined,
})
