/** RFC 9110, section 14: which bytes a request wants of a file that does not change. */
import type { ByteRange } from './recordings-doors.ts'

export type Wanted =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly range: ByteRange }
  /** 416. */
  | { readonly kind: 'none' }

/**
 * One range is answered with it; several, another unit or a syntax that is none with the whole, as 14.2 allows. An
 * If-Range that is not this file's strong entity tag makes the range none at all (13.1.5).
 */
export const wantedBytes = (
  range: string | undefined,
  ifRange: string | undefined,
  etag: string,
  size: number,
): Wanted => {
  if (range === undefined || (ifRange !== undefined && ifRange.trim() !== etag)) return { kind: 'whole' }
  const [, from, to] = /^bytes\s*=\s*(\d{0,15})-(\d{0,15})$/i.exec(range.trim()) ?? []
  if (from === undefined || to === undefined || (from === '' && to === '')) return { kind: 'whole' }
  if (from === '') {
    // The last so many bytes.
    const suffix = Number(to)
    if (suffix === 0 || size === 0) return { kind: 'none' }
    return { kind: 'part', range: { first: Math.max(0, size - suffix), last: size - 1 } }
  }
  const first = Number(from)
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (to !== '' && Number(to) < first) return { kind: 'whole' }
  if (first >= size) return { kind: 'none' }
  return { kind: 'part', range: { first, last } }
}

/** Whether an If-None-Match names this file, or anything. */
export const isKnown = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined &&
  ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
