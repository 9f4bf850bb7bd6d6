import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { openAlipay } from './alipay/channel.ts';
import { credentialsOf as alipayCredentialsOf, toldTo, type AlipayCredentials } from './alipay/credentials.ts';
import type { Channel } from './channel.ts';
import type { Clock } from './clock.ts';
import { answerControl, controlTooLarge } from './control/control.ts';
import { Faults } from './faults.ts';
import { Postman } from './postman.ts';
import { listen, type Listener } from './server.ts';
import { Store } from './store.ts';
import { openLakala } from './lakala/channel.ts';
import { credentialsOf as lakalaCredentialsOf, LakalaCredentials } from './lakala/credentials.ts';
import { openUnionpay } from './unionpay/channel.ts';
import {
  credentialsOf as unionpayCredentialsOf,
  toldTo as unionpayToldTo,
  type UnionpayCredentials,
} from './unionpay/credentials.ts';
import { openWechat } from './wechat/channel.ts';
import { credentialsOf as wechatCredentialsOf, WechatCredentials } from './wechat/credentials.ts';

export interface SandboxOptions {
  /** Everything is kept here; ports are remembered and taken again while they are free. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log?: (line: string) => void;
}

export interface Sandbox {
  /** Origin of the control side. */
  readonly control: string;
  /** Origin of each channel. */
  readonly channels: {
    readonly wechat: string;
    readonly alipay: string;
    readonly unionpay: string;
    readonly lakala: string;
  };
  readonly credentials: {
    readonly wechat: WechatCredentials;
    readonly alipay: AlipayCredentials;
    readonly unionpay: UnionpayCredentials;
    readonly lakala: LakalaCredentials;
  };
  /** Resolves when no callback is under way or due, and nothing is about to happen by itself. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

const issuedIn = async (store: Store) => ({
  wechat: await wechatCredentialsOf(store),
  alipay: await alipayCredentialsOf(store),
  unionpay: await unionpayCredentialsOf(store),
  lakala: await lakalaCredentialsOf(store),
});

const told = (issued: Awaited<ReturnType<typeof issuedIn>>, origins: Sandbox['channels']): Sandbox['credentials'] => ({
  wechat: WechatCredentials.parse(issued.wechat),
  alipay: toldTo(issued.alipay, origins.alipay),
  unionpay: unionpayToldTo(issued.unionpay, origins.unionpay),
  lakala: LakalaCredentials.parse(issued.lakala),
});

const BEAT_MS = 20;
const Ports = z.record(z.string(), z.int());

/** The pulse: what time brings about in the channels, then the callbacks that are due. */
const beatOf = (channels: readonly Channel[], postman: Postman, log: (line: string) => void) => () => {
  try {
    for (const channel of channels) channel.work();
    postman.pump();
  } catch (error) {
    log(`unexpected: ${String(error)}`);
  }
};

/** Starts the channels and their control side on 127.0.0.1. */
export const startSandbox = async (options: SandboxOptions): Promise<Sandbox> => {
  const { clock, log = () => undefined } = options;
  const store = new Store(options.dataDir);
  const faults = new Faults(store);
  const postman = new Postman(store, faults, clock, log);
  const issued = await issuedIn(store);
  const shared = { store, faults, postman, clock };
  const wechat = openWechat(shared, issued.wechat);
  const alipay = openAlipay(shared, issued.alipay);
  const unionpay = openUnionpay(shared, issued.unionpay);
  const lakala = openLakala(shared, issued.lakala);
  const all = [wechat, alipay, unionpay, lakala];
  for (const channel of all) postman.serve(channel.name, channel.callbacks);

  const beat = beatOf(all, postman, log);
  const stopping = new AbortController();
  const idle = async (): Promise<void> => {
    if (!stopping.signal.aborted) beat();
    while (!stopping.signal.aborted && (postman.busy() || all.some((channel) => channel.unsettled()))) {
      await pause(5);
      if (!stopping.signal.aborted) beat();
    }
  };

  const ports = store.setting('ports', Ports) ?? {};
  const listeners = new Map<string, Listener>();
  const open = async (
    name: string,
    handling: Pick<Parameters<typeof listen>[0], 'handle' | 'tooLarge'>,
  ): Promise<string> => {
    const listener = await listen({ ...handling, port: ports[name] ?? 0, log });
    listeners.set(name, listener);
    return listener.origin;
  };
  const origins = {
    wechat: await open(wechat.name, wechat),
    alipay: await open(alipay.name, alipay),
    unionpay: await open(unionpay.name, unionpay),
    lakala: await open(lakala.name, lakala),
  };
  const channels = new Map(all.map((channel) => [channel.name, channel]));
  const controlled = { channels, faults, clock, origins, idle };
  const control = await open('control', {
    handle: (call) => answerControl(controlled, call),
    tooLarge: controlTooLarge,
  });
  store.remember('ports', Object.fromEntries([...listeners].map(([name, { port }]) => [name, port])));

  const pulse = setInterval(beat, BEAT_MS);
  return {
    control,
    channels: origins,
    credentials: told(issued, origins),
    idle,
    stop: async () => {
      stopping.abort();
      clearInterval(pulse);
      await Promise.all([...listeners.values()].map((listener) => listener.close()));
      await postman.stop();
      store.close();
    },
  };
};
