import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { Failure, invariant, type FailureCode } from '#kernel/failure.ts';
import { machine } from '#kernel/machine.ts';

const source = readFileSync(join(import.meta.dirname, '../../functions/kernel/failure.ts'), 'utf8');
const codes = [...source.matchAll(/^ {2}([a-z_]+): \[(\d{3}), /gm)].map(
  ([, code, status]) => [code, Number(status)] as const,
);

describe('the catalogue of refusals', () => {
  test('says of each its status, its title and what a caller should do', () => {
    expect(codes.length).toBeGreaterThan(20);
    for (const [code, status] of codes) {
      const failure = new Failure(code as FailureCode, { detail: 'why' });
      expect(failure.status).toBe(status);
      expect(failure.title.length).toBeGreaterThan(5);
      expect(['retry', 'do_not_retry', 'query_first']).toContain(failure.retry);
      expect(failure.message).toBe(`${code}: why`);
    }
  });

  test('knows the statuses of the wire contract and no others; a refusal is never a 500', () => {
    const statuses = new Set(codes.map(([, status]) => status));
    expect([...statuses].toSorted((a, b) => a - b)).toEqual([400, 401, 403, 404, 409, 413, 422, 429, 503]);
  });

  test('tells a caller to try again only where that can help', () => {
    const again = codes.flatMap(([code]) => (new Failure(code as FailureCode).retry === 'retry' ? [code] : []));
    expect(again).toEqual(['conflict', 'sign_in_failed', 'insufficient_balance', 'too_many_requests', 'busy']);
  });
});

test('a broken invariant is no refusal: it is a bug, and pages someone', () => {
  expect(() => invariant(false, 'the books balance')).toThrow('invariant: the books balance');
  try {
    invariant(false, 'x');
  } catch (error) {
    expect(error).not.toBeInstanceOf(Failure);
  }
});

test('what a machine’s table does not name cannot happen', () => {
  const door = machine<'open' | 'shut', 'shut' | 'open'>({ open: { shut: 'shut' }, shut: { open: 'open' } });
  expect([door.next('open', 'shut'), door.next('open', 'open')]).toEqual(['shut', undefined]);
});
