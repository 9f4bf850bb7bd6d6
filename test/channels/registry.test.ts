import { expect, test } from 'vitest';

import { channelKind, channelKinds } from '#channels/registry.ts';

test('every kind of channel is found under its own name, and can do something', () => {
  expect(channelKinds.size).toBeGreaterThan(0);
  for (const [name, kind] of channelKinds) {
    expect(kind.name).toBe(name);
    expect(channelKind(name)).toBe(kind);
    expect(kind.capabilities.methods.length).toBeGreaterThan(0);
  }
});

test('a channel that does not exist is not found', () => {
  expect(() => channelKind('constructor')).toThrow('constructor');
});
