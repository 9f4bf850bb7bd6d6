import { expect, test } from 'vitest';

import { entryReader, statementReader } from '#channels/readers.ts';
import { channelKind, channelKinds } from '#channels/registry.ts';

test('every kind of channel is found under its own name, and can do something', () => {
  expect(channelKinds.size).toBeGreaterThan(0);
  for (const [name, kind] of channelKinds) {
    expect(kind.name).toBe(name);
    expect(channelKind(name)).toBe(kind);
    expect(kind.capabilities.methods.length).toBeGreaterThan(0);
  }
});

test('what a channel says that its statements show can be read, and nothing else', async () => {
  for (const [name, { capabilities }] of channelKinds) {
    const said = await statementReader(name)(Buffer.alloc(0), 'trade').then(
      () => '',
      (error: unknown) => String(error),
    );
    expect([name, !said.includes('has no statements')]).toEqual([name, capabilities.statements.length > 0]);
    expect([name, entryReader(name) !== undefined]).toEqual([name, capabilities.entries ?? false]);
  }
});

test('a channel that does not exist is not found', () => {
  expect(() => channelKind('constructor')).toThrow('constructor');
});
