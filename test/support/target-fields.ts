import type { Vendors } from './target-vendors.ts'

/** What each vendor's target is added with; `refresh-1` is the refresh token that is good at first. */
export const targetOf = (
  kind: 'salesforce' | 'hubspot' | 'zendesk' | 'ga4' | 'http',
  { url }: Pick<Vendors, 'url'>,
): {
  readonly kind: string
  readonly settings: Record<string, unknown>
  readonly credentials: Record<string, unknown>
} => {
  const client = { clientId: 'client-id', clientSecret: 'client-secret' }
  switch (kind) {
    case 'salesforce':
      return { kind, settings: { loginUrl: url }, credentials: { flow: 'client-credentials', ...client } }
    case 'hubspot':
      return {
        kind,
        settings: { baseUrl: url },
        credentials: { flow: 'private-app', accessToken: 'pat-eu1-private-app' },
      }
    case 'zendesk':
      return {
        kind,
        settings: { baseUrl: url },
        credentials: { flow: 'refresh-token', ...client, refreshToken: 'refresh-1' },
      }
    case 'ga4':
      return {
        kind,
        settings: { baseUrl: url, measurementId: 'G-TEST1234' },
        credentials: { apiSecret: 'ga-secret' },
      }
    case 'http':
      return { kind, settings: { url: `${url}/billing/calls` }, credentials: { flow: 'none' } }
  }
}
