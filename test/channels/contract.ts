import { inspect } from 'node:util';

import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

import {
  CallbackRefused,
  type Channel,
  type ChannelKind,
  type OrderToPlace,
  type RawCallback,
  type RefundToPlace,
} from '#channels/channel.ts';
import { statementReader } from '#channels/readers.ts';
import { StatementError } from '#channels/statement.ts';

/** What every channel's own side can be made to do about the next call. Each rig says it in its channel's words. */
export type Situation =
  // Placing
  | 'placed'
  | 'order refused for good'
  | 'order number known already'
  // Asking
  | 'not paid yet'
  | 'paid'
  | 'paid and partly refunded'
  | 'closed'
  | 'in a state nobody knows'
  | 'another order is answered'
  | 'absent'
  // Closing
  | 'closing done'
  | 'closed before'
  | 'cannot be closed since it is paid'
  // Refunds
  | 'refund accepted'
  | 'refund done'
  | 'refund refused for good'
  | 'refund not now'
  | 'refund failed'
  | 'refund needs a person'
  | 'refund in a state nobody knows'
  | 'another refund is answered'
  | 'refund absent'
  // Statements
  | 'a statement is offered'
  | 'a statement is being made'
  | 'there is no statement since there were no trades';

/** What leaves everything open, whatever was asked. */
const uncertain = [
  'an outage that calls itself a definite refusal',
  'an outage without words',
  'too many requests',
  'absence claimed by a page of a proxy',
  'a redirect',
  'a signed reply that is not in the language of the channel',
  'a signed reply without what was asked',
  'a good reply with a forged signature',
  'a good reply without a signature',
  'a good reply signed with an unknown key',
  'a good reply of yesterday, replayed',
  'a good reply cut short',
  'a reply that never ends growing',
  'a connection that is reset',
] as const;
export type Uncertain = (typeof uncertain)[number];

/** What a channel offers well and hands out badly. */
const badDownloads = [
  'is another than the one announced',
  'has lost its end',
  'has been changed in one byte',
  'is unpacked larger than any',
  'is empty',
  'is at an address of somebody else',
  'is at another address of the channel',
  'has gone from its address',
  'is behind a redirect',
] as const;
export type BadDownload = (typeof badDownloads)[number];
const ofAddresses: ReadonlySet<BadDownload> = new Set([
  'is at an address of somebody else',
  'is at another address of the channel',
]);

type CallbackKind = 'paid' | 'refunded' | 'something else';
export interface Signing {
  /** Seconds between the signature and now. */
  readonly age?: number;
  readonly by?: 'the channel' | 'somebody else' | 'an unknown key';
}

/** How a protocol differs from others in what it is made of. What is not said here holds as for any. */
export interface Nature {
  /** An order is made only when its payer opens it: until then the channel knows nothing of it, and that is no news. */
  readonly ordersAppearWhenOpened?: true;
  /** Nothing that is signed says when: a replay cannot be told from the first time. */
  readonly undated?: true;
  /** Replies alone are so: nothing signed in them says when. */
  readonly undatedReplies?: true;
  /** A callback has its signature within a body that can be spelt in many ways: another spelling says the same. */
  readonly signedWithin?: true;
  /** Orders are not closed there: one that is over has failed, with a code. */
  readonly closedIsFailed?: true;
  /** A refund is only accepted in answer to its request: asking tells what became of it. */
  readonly refundsAreDoneLater?: true;
  /** A statement comes within a signed reply, from no address of its own. */
  readonly statementsInReplies?: true;
  /** No call of ours brings a statement: a person does, and until then it is waited for. */
  readonly statementsAreBrought?: true;
  /** A bare statement has no end of its own: whether it is whole shows within a row, or by the archive it is handed out in. */
  readonly statementsEndAnywhere?: true;
}

/** A channel as its contract is tested: the kind, and its other side, which the test makes speak. */
export interface Rig {
  readonly kind: ChannelKind;
  readonly channel: Channel;
  readonly now: Date;
  readonly order: OrderToPlace;
  readonly refund: RefundToPlace;
  /** No error and no log may hold any of these. */
  readonly secrets: readonly string[];
  readonly paid: { readonly channelTradeNo: string; readonly paidAt: Date };
  readonly refunded: { readonly acceptedAt: Date; readonly succeededAt: Date };
  /** The next calls are answered so. `silence` never answers, `drip` begins and never ends. */
  play(situation: Situation | Uncertain | BadDownload | 'silence' | 'drip'): void;
  /** Bodies of the requests that came, in order. */
  readonly received: readonly string[];
  callback(kind: CallbackKind, signing?: Signing): RawCallback;
  /** `packed`: as it is handed out, where that is an archive. */
  readonly statement: {
    readonly file: Buffer;
    readonly lines: number;
    readonly billDate: string;
    readonly packed?: Buffer;
  };
}

const calls = {
  place: (rig: Rig) => rig.channel.place(rig.order),
  query: (rig: Rig) => rig.channel.query(rig.order),
  close: (rig: Rig) => rig.channel.close(rig.order),
  refund: (rig: Rig) => rig.channel.refund(rig.refund),
  queryRefund: (rig: Rig) => rig.channel.queryRefund(rig.refund),
  fetchStatement: (rig: Rig) => rig.channel.fetchStatement(rig.statement.billDate, 'trade'),
};

const errorOf = async (work: () => unknown): Promise<Error> => {
  let result: unknown;
  try {
    result = await work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error(`nothing was thrown; the answer was ${inspect(result)}`);
};

const keepsSecrets = (rig: Rig, error: Error) => {
  const everything = inspect(error, { depth: 10, showHidden: true }) + String(error.stack);
  for (const secret of rig.secrets) expect(everything).not.toContain(secret);
};

/** The limits that calls set themselves from now on: each passes when the test says so, and not before. */
export const limitsOfCalls = () => {
  const limits: { milliseconds: number; pass: () => void }[] = [];
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((milliseconds) => {
    const limit = new AbortController();
    limits.push({ milliseconds, pass: () => limit.abort(new DOMException('time is over', 'TimeoutError')) });
    return limit.signal;
  });
  const later = globalThis.setTimeout;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation((work, milliseconds, ...given) => {
    if (milliseconds !== 8_000) return later(work, milliseconds, ...given);
    limits.push({ milliseconds, pass: () => work(...given) });
    return later(() => undefined, 0);
  });
  onTestFinished(() => void vi.restoreAllMocks());
  return limits;
};

/** Unknown is never failure: the heart of the contract. */
const unknownIsNeverFailure = (rig: () => Rig, { undated, undatedReplies, statementsAreBrought }: Nature) => {
  const { fetchStatement, ...others } = calls;
  const made = statementsAreBrought ? others : { ...others, fetchStatement };
  const met = uncertain.filter(
    (situation) => !((undated ?? undatedReplies) && situation === 'a good reply of yesterday, replayed'),
  );
  for (const [name, call] of Object.entries(made))
    test.each(met)(`${name} that meets %s is unknown, never an answer`, async (situation) => {
      rig().play(situation);
      keepsSecrets(rig(), await errorOf(() => call(rig())));
    });

  test('a channel that falls silent, before or within its answer, is unknown after 8 seconds', async () => {
    const limits = limitsOfCalls();
    const waiting: Promise<Error>[] = [];
    for (const situation of ['silence', 'drip'] as const) {
      rig().play(situation);
      waiting.push(...Object.values(made).map((call) => errorOf(() => call(rig()))));
      await vi.waitFor(() => expect(rig().received).toHaveLength(waiting.length), 5_000);
    }
    // What was begun is there to be read by now.
    for (let turns = 0; turns < 10; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(limits.map(({ milliseconds }) => milliseconds)).toEqual(waiting.map(() => 8_000));
    for (const { pass } of limits) pass();
    await Promise.all(waiting);
  });
};

const payments = (rig: () => Rig, { ordersAppearWhenOpened, closedIsFailed }: Nature) => {
  const query = (situation: Situation) => {
    rig().play(situation);
    return calls.query(rig());
  };
  const place = (situation: Situation) => {
    rig().play(situation);
    return calls.place(rig());
  };
  const close = (situation: Situation) => {
    rig().play(situation);
    return calls.close(rig());
  };

  test('an order that is placed tells what the payer must do next', async () => {
    expect(await place('placed')).toMatchObject({ kind: 'placed', action: { type: expect.any(String) } });
  });

  test('an order is placed with one try, and a second try says exactly the same', async () => {
    await place('placed');
    await place('placed');
    expect(rig().received).toHaveLength(2);
    expect(rig().received[1]).toBe(rig().received[0]);
  });

  test('an order refused for good carries the code of the channel', async () => {
    expect(await place('order refused for good')).toMatchObject({
      kind: 'refused',
      failure: { code: expect.stringMatching(/./), message: expect.any(String) },
    });
  });

  test('an order whose number is known already is asked about, not failed', async () => {
    expect(await place('order number known already')).toEqual({ kind: 'ask' });
  });

  test.each([
    ['not paid yet', 'pending'],
    ['in a state nobody knows', 'pending'],
    ['closed', closedIsFailed ? 'failed' : 'closed'],
    ['absent', ordersAppearWhenOpened ? 'pending' : 'absent'],
  ] as const)('an order that is %s is %s', async (situation, kind) => {
    const failure = { code: expect.stringMatching(/./), message: expect.any(String) };
    expect(await query(situation)).toEqual({ kind, ...(kind === 'failed' && { failure }) });
  });

  test.each(['paid', 'paid and partly refunded'] as const)('an order that is %s has a receipt', async (situation) => {
    const { order, paid, channel } = rig();
    expect(await query(situation)).toEqual({
      kind: 'succeeded',
      receipt: {
        ...paid,
        amount: order.amount,
        currency: order.currency,
        merchantAtChannel: channel.identity.merchant,
        appAtChannel: channel.identity.app,
      },
    });
  });

  test('a genuine answer about another order answers nothing', async () => {
    await errorOf(() => query('another order is answered'));
  });

  test.each([
    ['closing done', 'closed'],
    ['closed before', 'closed'],
    ['cannot be closed since it is paid', 'ask'],
    ['absent', 'absent'],
  ] as const)('closing that meets "%s" is %s', async (situation, kind) => {
    expect(await close(situation)).toEqual({ kind });
  });
};

const refunds = (rig: () => Rig, { refundsAreDoneLater }: Nature) => {
  const refund = (situation: Situation) => {
    rig().play(situation);
    return calls.refund(rig());
  };
  const query = (situation: Situation) => {
    rig().play(situation);
    return calls.queryRefund(rig());
  };
  const no = () => ({ channelRefundNo: rig().refund.channelRefundNo, acceptedAt: rig().refunded.acceptedAt });

  for (const [name, ask] of Object.entries({ refund, query })) {
    test(`a refund that is accepted is processing, dated by its acceptance (${name})`, async () => {
      expect(await ask('refund accepted')).toEqual({ kind: 'processing', ...no() });
    });

    test(`a refund that is done has both its instants (${name})`, async () => {
      const { succeededAt } = rig().refunded;
      const isLater = refundsAreDoneLater && ask === refund;
      const done = isLater ? { kind: 'processing' } : { kind: 'succeeded', succeededAt };
      expect(await ask('refund done')).toEqual({ ...done, ...no() });
    });

    test(`a refund that needs a person, or is in a state nobody knows, is still processing (${name})`, async () => {
      expect(await ask('refund needs a person')).toEqual({ kind: 'processing', ...no() });
      expect(await ask('refund in a state nobody knows')).toEqual({ kind: 'processing', ...no() });
    });

    test(`a refund that the channel gave up has failed (${name})`, async () => {
      expect(await ask('refund failed')).toMatchObject({
        kind: 'failed',
        failure: { code: expect.stringMatching(/./) },
      });
    });

    test(`a genuine answer about another refund answers nothing (${name})`, async () => {
      await errorOf(() => ask('another refund is answered'));
    });
  }

  test('a refund refused for good has failed, with the code of the channel', async () => {
    expect(await refund('refund refused for good')).toMatchObject({
      kind: 'failed',
      failure: { code: expect.stringMatching(/./) },
    });
  });

  test('a refund that the channel will take later has not failed: the same number goes again', async () => {
    await errorOf(() => refund('refund not now'));
    expect(await refund('refund accepted')).toEqual({ kind: 'processing', ...no() });
    expect(rig().received[1]).toBe(rig().received[0]);
  });

  test('a refund that never reached the channel is absent there', async () => {
    expect(await query('refund absent')).toEqual({ kind: 'absent' });
  });
};

const callbacks = (rig: () => Rig, { undated, signedWithin }: Nature) => {
  const read = (callback: RawCallback) => rig().channel.readCallback(callback);

  test('a genuine callback of a payment carries what asking would have', async () => {
    rig().play('paid');
    const outcome = await calls.query(rig());
    const { channelOrderNo } = rig().order;
    expect(read(rig().callback('paid'))).toEqual({ about: 'payment', channelOrderNo, outcome });
  });

  test('a genuine callback of a refund names the refund', () => {
    const { channelOrderNo, channelRefundNo } = rig().refund;
    expect(read(rig().callback('refunded'))).toMatchObject({
      about: 'refund',
      channelOrderNo,
      refundNo: channelRefundNo,
      outcome: { kind: 'succeeded', channelRefundNo, succeededAt: rig().refunded.succeededAt },
    });
  });

  test('a genuine callback about something else changes nothing', () => {
    expect(read(rig().callback('something else'))).toEqual({ about: 'nothing' });
  });

  test.each(undated ? [-86_400, 0, 86_400] : [-299, 299])('a callback signed %i s ago is taken', (age) => {
    expect(read(rig().callback('paid', { age }))).toEqual(read(rig().callback('paid')));
  });

  if (!undated)
    test.each([-302, 302, 86_400, -86_400])('a callback signed %i s ago is refused', (age) => {
      expect(() => read(rig().callback('paid', { age }))).toThrow(CallbackRefused);
    });

  test.each(['somebody else', 'an unknown key'] as const)('a callback signed by %s is refused', (by) => {
    expect(() => read(rig().callback('paid', { by }))).toThrow(CallbackRefused);
  });

  test('a callback that lacks any one of its headers, or its body, is refused', () => {
    const { headers, body } = rig().callback('paid');
    for (const name of Object.keys(headers))
      expect(() => read({ body, headers: { ...headers, [name]: undefined } })).toThrow(CallbackRefused);
    expect(() => read({ headers, body: Buffer.alloc(0) })).toThrow(CallbackRefused);
  });

  test('a callback of a megabyte is refused', () => {
    const { headers } = rig().callback('paid');
    expect(() => read({ headers, body: Buffer.alloc(1_000_000, '{') })).toThrow(CallbackRefused);
  });

  if (!signedWithin)
    test('a callback whose body is of another genuine one is refused', () => {
      const { headers } = rig().callback('paid');
      expect(() => read({ headers, body: rig().callback('refunded').body })).toThrow(CallbackRefused);
    });

  test('no callback that was changed anywhere is taken', () => {
    const genuine = rig().callback('paid');
    const heard = read(genuine);
    const isRefused = (changed: RawCallback) => {
      if (!signedWithin) return expect(() => read(changed)).toThrow(CallbackRefused);
      let said = heard;
      try {
        said = read(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(CallbackRefused);
      }
      return expect(said).toEqual(heard);
    };
    const parts = [...Object.keys(genuine.headers), 'body'];
    fc.assert(
      fc.property(
        fc.constantFrom(...parts),
        fc.nat(),
        fc.constantFrom('change', 'insert', 'delete', 'double'),
        fc.integer({ min: 1, max: 255 }),
        (part, place, how, by) => {
          const before = part === 'body' ? genuine.body : Buffer.from(genuine.headers[part]!, 'latin1');
          const after = mutated(before, place % before.length, how, by);
          fc.pre(!after.equals(before));
          const changed =
            part === 'body'
              ? { ...genuine, body: after }
              : { ...genuine, headers: { ...genuine.headers, [part]: after.toString('latin1') } };
          isRefused(changed);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test('being told that a callback was taken differs from being told that it was not', () => {
    const { kind } = rig();
    expect(kind.acknowledge(true).status).toBe(200);
    expect(kind.acknowledge(false)).not.toEqual(kind.acknowledge(true));
  });
};

const mutated = (bytes: Buffer, at: number, how: string, by: number): Buffer => {
  const [before, here, after] = [bytes.subarray(0, at), bytes.subarray(at, at + 1), bytes.subarray(at + 1)];
  if (how === 'change') return Buffer.concat([before, Buffer.from([here[0]! ^ by]), after]);
  if (how === 'insert') return Buffer.concat([before, Buffer.from([by]), here, after]);
  if (how === 'delete') return Buffer.concat([before, after]);
  return Buffer.concat([before, here, here, after]);
};

const statements = (rig: () => Rig, { statementsEndAnywhere }: Nature) => {
  test('a whole statement is read', async () => {
    const { kind, statement } = rig();
    const { file, billDate, lines } = statement;
    expect((await statementReader(kind.name)(file, 'trade', billDate)).lines).toHaveLength(lines);
  });

  test('a statement cut short after any of its lines is refused, naming a line', async () => {
    const { kind, statement } = rig();
    const { file, packed = file, billDate } = statement;
    const ends = [...file.entries()].filter(([, byte]) => byte === 0x0a).map(([at]) => at + 1);
    const byLine = [0, ...ends].filter((end) => end < file.length).map((end) => file.subarray(0, end));
    const within = [0, ...ends.map((end) => end - 1)].map((end) => file.subarray(0, end));
    const ofArchive = Array.from({ length: 64 }, (_, at) => packed.subarray(0, Math.floor((packed.length * at) / 64)));
    const cuts = statementsEndAnywhere ? [...within, ...ofArchive] : byLine;
    expect(cuts.length).toBeGreaterThan(statement.lines);
    for (const cut of cuts) {
      const error = await errorOf(() => statementReader(kind.name)(cut, 'trade', billDate));
      expect(error).toBeInstanceOf(StatementError);
      expect(error).toMatchObject({ line: expect.any(Number), reason: expect.stringMatching(/\w/) });
    }
  });

  test.each(['<html><body>502</body></html>', '{"code":"SYSTEM_ERROR"}', '\0\0\0\0', '\n\n\n', ','])(
    'what is no statement at all (%j) is refused',
    async (text) => {
      const { kind, statement } = rig();
      await expect(statementReader(kind.name)(Buffer.from(text), 'trade', statement.billDate)).rejects.toThrow(
        StatementError,
      );
    },
  );
};

const downloads = (rig: () => Rig, { statementsInReplies }: Nature) => {
  const fetched = (situation: Situation | BadDownload) => {
    rig().play(situation);
    return calls.fetchStatement(rig());
  };

  test('of a day is the file that the channel made, unpacked, and can be read', async () => {
    const { kind, statement } = rig();
    const found = await fetched('a statement is offered');
    expect(found).toEqual({ kind: 'file', bytes: statement.packed ?? statement.file });
    const bytes = found.kind === 'file' ? found.bytes : Buffer.alloc(0);
    expect((await statementReader(kind.name)(bytes, 'trade', statement.billDate)).lines).toHaveLength(statement.lines);
  });

  test('is the same bytes however often it is fetched', async () => {
    expect(await fetched('a statement is offered')).toEqual(await fetched('a statement is offered'));
  });

  test.each([
    ['a statement is being made', 'not_yet'],
    ['there is no statement since there were no trades', 'no_trades'],
  ] as const)('where %s is %s', async (situation, kind) => {
    expect(await fetched(situation)).toEqual({ kind });
  });

  const met = badDownloads.filter((situation) => !(statementsInReplies && ofAddresses.has(situation)));
  test.each(met)('that %s is nothing, to be fetched again', async (situation) => {
    keepsSecrets(rig(), await errorOf(() => fetched(situation)));
  });

  test('of each kind that the channel declares can be asked for', async () => {
    const { kind, channel, statement } = rig();
    expect(kind.capabilities.statements.length).toBeGreaterThan(0);
    rig().play('a statement is being made');
    for (const each of kind.capabilities.statements)
      expect(await channel.fetchStatement(statement.billDate, each)).toEqual({ kind: 'not_yet' });
  });
};

const broughtStatements = (rig: () => Rig) => {
  test('of each kind that the channel declares is waited for, and nobody is asked for it', async () => {
    const { kind, channel, statement, received } = rig();
    expect(kind.capabilities.statements.length).toBeGreaterThan(0);
    for (const each of kind.capabilities.statements)
      expect(await channel.fetchStatement(statement.billDate, each)).toEqual({ kind: 'not_yet' });
    expect(received).toEqual([]);
  });
};

/** Every channel must pass this, in the words of its own protocol. `rig` answers the one that was made before each test. */
export const channelContract = (name: string, rig: () => Rig, nature: Nature = {}) => {
  describe(`${name}: payments`, () => payments(rig, nature));
  describe(`${name}: refunds`, () => refunds(rig, nature));
  describe(`${name}: what is not known`, () => unknownIsNeverFailure(rig, nature));
  describe(`${name}: callbacks`, () => callbacks(rig, nature));
  describe(`${name}: statements`, () => statements(rig, nature));
  if (nature.statementsAreBrought) describe(`${name}: a statement that is brought`, () => broughtStatements(rig));
  else describe(`${name}: a statement that is fetched`, () => downloads(rig, nature));
  test(`${name}: the order of the contract is one that the channel says it can take`, () => {
    const { kind, order } = rig();
    expect(kind.capabilities.methods).toContain(order.method);
    for (const method of Object.keys(kind.capabilities.needs)) expect(kind.capabilities.methods).toContain(method);
    expect(kind.capabilities.currencies).toContain(order.currency);
    expect(order.amount >= kind.capabilities.amountMin && order.amount <= kind.capabilities.amountMax).toBe(true);
  });
};
