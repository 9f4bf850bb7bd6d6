import * as z from 'zod';
import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';
import { isLoopback } from './loopback.ts';
import type { Store } from './store.ts';

/** How one channel delivers: when again, what proves the sender, what counts as heard. */
export interface CallbackProtocol {
  readonly waitSeconds: readonly number[];
  readonly timeoutMs: number;
  headers(body: string, forged: boolean): Readonly<Record<string, string>>;
  /** By the answer, and what it answers. */
  acknowledged(status: number, said: string, body: string): boolean;
}

export interface Letter {
  readonly event_id: string;
  readonly url: string;
  /**
   * Made once per copy: the copies of a duplicate differ as two sendings of a real channel do. A channel that signs inside
   * the body needs to know whether this one is forged; one that signs in headers learns it when it sends.
   */
  readonly body: (forged: boolean) => string;
}

const Notice = z.object({
  id: z.int(),
  channel: z.string(),
  event_id: z.string(),
  url: z.string(),
  body: z.string(),
  forged: z.int(),
  held: z.int(),
  due_at: z.int(),
  attempts: z.int(),
});
type Notice = z.infer<typeof Notice>;

type Ending = 'delivered' | 'lost' | 'spent' | 'refused' | 'given_up';

const LATE_MS = 600_000;
const HELD_MS = 2_000;
const AT_ONCE = 32;
const Total = z.object({ total: z.int() });

/** Delivers callbacks until they are heard. What is undelivered is on disk, so a restart forgets nothing. */
export class Postman {
  readonly #store: Store;
  readonly #faults: Faults;
  readonly #clock: Clock;
  readonly #log: (line: string) => void;
  readonly #protocols = new Map<string, CallbackProtocol>();
  readonly #underWay = new Map<number, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(store: Store, faults: Faults, clock: Clock, log: (line: string) => void) {
    this.#store = store;
    this.#faults = faults;
    this.#clock = clock;
    this.#log = log;
    store.define(
      `CREATE TABLE IF NOT EXISTS notices (id INTEGER PRIMARY KEY, channel TEXT, event_id TEXT, url TEXT, body TEXT, forged INTEGER,
         held INTEGER, due_at INTEGER, attempts INTEGER, status TEXT);
       CREATE INDEX IF NOT EXISTS notices_due ON notices (status, due_at)`,
    );
    // While the sandbox was down nobody sent anything: what fell due then is due now, instead of all its retries at once.
    const now = clock.now().getTime();
    store.run(`UPDATE notices SET due_at = ? WHERE status = 'waiting' AND due_at < ?`, now, now);
  }

  serve(channel: string, protocol: CallbackProtocol): void {
    this.#protocols.set(channel, protocol);
  }

  post(channel: string, letter: Letter): void {
    const now = this.#clock.now().getTime();
    const taken = (fault: Parameters<Faults['take']>[1]) => this.#faults.take(channel, fault);
    if (taken('lose_callback')) {
      this.#insert(channel, letter, { due: now, held: false, forged: false, status: 'lost' });
      this.#log(`${channel} loses ${letter.event_id}`);
      return;
    }
    // One at a time: the notification that follows a held one is the one that overtakes it.
    const held = this.#countHeld(channel) === 0 && taken('reorder_callbacks');
    const due = now + (taken('late_callback') ? LATE_MS : 0) + (held ? HELD_MS : 0);
    const notice = { due, held, forged: taken('forged_signature'), status: 'waiting' } as const;
    this.#insert(channel, letter, notice);
    if (taken('duplicate_callback')) this.#insert(channel, letter, notice);
  }

  /** Sends what is due; returns at once. */
  pump(): void {
    if (this.#stopping.signal.aborted) return;
    const due = this.#store.all(
      Notice,
      `SELECT * FROM notices WHERE status = 'waiting' AND due_at <= ? ORDER BY due_at, id LIMIT ?`,
      this.#clock.now().getTime(),
      2 * AT_ONCE,
    );
    for (const notice of due) {
      if (this.#underWay.has(notice.id) || this.#underWay.size >= AT_ONCE) continue;
      const delivery = this.#deliver(notice).finally(() => this.#underWay.delete(notice.id));
      this.#underWay.set(notice.id, delivery);
    }
  }

  busy(): boolean {
    if (this.#underWay.size > 0) return true;
    const due = this.#store.one(
      Total,
      `SELECT count(*) AS total FROM notices WHERE status = 'waiting' AND due_at <= ?`,
      this.#clock.now().getTime(),
    );
    return (due?.total ?? 0) > 0;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#underWay.values());
  }

  async #deliver(notice: Notice): Promise<void> {
    const protocol = this.#protocols.get(notice.channel);
    const url = URL.parse(notice.url);
    if (protocol === undefined || url === null || !isLoopback(url)) {
      this.#log(`${notice.channel} refuses to call ${notice.url}: not a loopback address`);
      this.#finish(notice, 'refused');
      return;
    }
    const verdict = await this.#send(notice, protocol, url);
    if (this.#stopping.signal.aborted) return;
    this.#log(`${notice.channel} ${notice.event_id} → ${notice.url}: ${verdict.said} (sending ${notice.attempts + 1})`);
    this.#store.transaction(() => {
      if (notice.held === 0) this.#releaseHeld(notice);
      if (notice.forged === 1) this.#finish(notice, 'spent');
      else if (verdict.heard) this.#finish(notice, 'delivered');
      else this.#again(notice, protocol);
    });
  }

  async #send(notice: Notice, protocol: CallbackProtocol, url: URL): Promise<{ heard: boolean; said: string }> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: protocol.headers(notice.body, notice.forged === 1),
        body: notice.body,
        redirect: 'manual',
        signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(protocol.timeoutMs)]),
      });
      const said = await response.text();
      return { heard: protocol.acknowledged(response.status, said, notice.body), said: String(response.status) };
    } catch (error) {
      return { heard: false, said: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Counted from when it was due, not from when it was sent: a clock moved by hours brings every retry of those hours. */
  #again(notice: Notice, protocol: CallbackProtocol): void {
    const wait = protocol.waitSeconds[notice.attempts];
    if (wait === undefined) {
      this.#finish(notice, 'given_up');
      return;
    }
    this.#store.run(
      'UPDATE notices SET attempts = attempts + 1, due_at = ? WHERE id = ?',
      notice.due_at + wait * 1000,
      notice.id,
    );
  }

  #finish(notice: Notice, ending: Ending): void {
    this.#store.run('UPDATE notices SET attempts = attempts + 1, status = ? WHERE id = ?', ending, notice.id);
  }

  #releaseHeld(after: Notice): void {
    this.#store.run(
      `UPDATE notices SET held = 0, due_at = min(due_at, ?) WHERE channel = ? AND held = 1 AND id < ? AND attempts = 0 AND status = 'waiting'`,
      this.#clock.now().getTime(),
      after.channel,
      after.id,
    );
  }

  #countHeld(channel: string): number {
    const sql = `SELECT count(*) AS total FROM notices WHERE channel = ? AND held = 1 AND attempts = 0 AND status = 'waiting'`;
    return this.#store.one(Total, sql, channel)?.total ?? 0;
  }

  #insert(
    channel: string,
    letter: Letter,
    how: { due: number; held: boolean; forged: boolean; status: 'waiting' | 'lost' },
  ): void {
    this.#store.run(
      `INSERT INTO notices (channel, event_id, url, body, forged, held, due_at, attempts, status) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)`,
      channel,
      letter.event_id,
      letter.url,
      letter.body(how.forged),
      Number(how.forged),
      Number(how.held),
      how.due,
      how.status,
    );
  }
}
