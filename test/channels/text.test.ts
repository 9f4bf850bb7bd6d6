import { expect, test } from 'vitest';

import { saying } from '#channels/text.ts';

test('what a channel says for people is cut where it is too long, and never kept with half a character', () => {
  expect(saying('余额不足')).toBe('余额不足');
  expect(saying(`${'x'.repeat(255)}🍵`)).toBe(`${'x'.repeat(255)}\ufffd`);
  expect(saying('🍵🍵', 2)).toBe('🍵');
  expect(saying('余额\ud83c')).toBe('余额\ufffd');
});
