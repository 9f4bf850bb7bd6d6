import { describe, expect, test } from 'vitest';

import { allows } from '../../../local/runtime/permissions/grants.ts';
import type { Need } from '../../../local/runtime/permissions/needs.ts';

const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/Books';
const need = (over: Partial<Need> = {}): Need => ({
  function: 'Lend',
  action: 'dynamodb:GetItem',
  resource: table,
  keys: ['loan#1'],
  ...over,
});
const grant = { function: 'Lend', action: 'dynamodb:GetItem', resource: table };

describe('a grant', () => {
  test.each<[string, boolean, object, Partial<Need>]>([
    ['allows what it names', true, {}, {}],
    ['allows no other action', false, {}, { action: 'dynamodb:PutItem' }],
    ['allows no other resource', false, {}, { resource: `${table}2` }],
    ['of a table allows none of its indexes', false, {}, { resource: `${table}/index/list` }],
    ['allows no other function', false, {}, { function: 'Return' }],
    ['of some rows allows those', true, { keys: ['loan#*'] }, {}],
    ['of some rows allows no others', false, { keys: ['loan#*'] }, { keys: ['loan#1', 'reader#1'] }],
    ['of a folder allows what is in it', true, { resource: `${table}/*` }, { resource: `${table}/a/b` }],
    ['takes a dot for a dot', false, { resource: 'a.b' }, { resource: 'axb' }],
  ])('%s', (_, is, over, asked) => expect(allows({ ...grant, ...over }, need(asked))).toBe(is));
});
