/** Rating without a database, for the tests of routes. */
import type { RatingDoors, ToldRerating } from '../../src/http/rating-doors.ts'

export const RERATING: ToldRerating = {
  id: 7,
  createdAt: 1_764_000_000_000,
  createdBy: 'admin',
  criteria: {
    since: 1_763_000_000_000,
    until: 1_764_000_000_000,
    organizationId: undefined,
    deckId: 3,
    side: 'both',
  },
  dryRun: true,
  undoes: undefined,
  state: 'done',
  error: undefined,
  finishedAt: 1_764_000_001_000,
  report: {
    examined: 2,
    changed: 1,
    unknownNumber: 0,
    withoutRate: 0,
    groups: [{ side: 'buy', id: 4, name: 'Alpha', currency: 'EUR', legs: 1, before: '1.00', after: '0.50' }],
    largest: [
      {
        side: 'buy',
        legUuid: '11111111-2222-4333-8444-555555555555',
        callId: '11111111-2222-4333-8444-555555555556',
        startTime: 1_763_500_000_000,
        currency: 'EUR',
        before: '1.00',
        after: '0.50',
      },
    ],
  },
}

export const fakeRating: RatingDoors = {
  writeExchangeRates: (rates) => Promise.resolve(rates.length),
  listExchangeRates: () =>
    Promise.resolve([{ day: '2026-11-20', base: 'EUR', currency: 'USD', rate: '1.0862' }]),
  removeExchangeRate: () => Promise.resolve(false),
  listTaxRates: () => Promise.resolve([]),
  addTaxRate: (tax) =>
    Promise.resolve({
      id: 1,
      organizationId: tax.organizationId ?? undefined,
      country: tax.country ?? undefined,
      name: tax.name,
      percent: tax.percent,
      effectiveFrom: tax.effectiveFrom ?? undefined,
      effectiveTo: tax.effectiveTo ?? undefined,
    }),
  endTaxRate: () => Promise.resolve(undefined),
  removeTaxRate: () => Promise.resolve(false),
  rerate: () => Promise.resolve(RERATING.id),
  undoRerating: () => Promise.resolve(RERATING.id),
  cancelRerating: () => Promise.resolve(false),
  findRerating: (id) => Promise.resolve({ ...RERATING, id }),
  listReratings: () => Promise.resolve([RERATING]),
}
