import { Clock, shanghaiDate, shanghaiTime } from './clock.ts';
import { Figures } from './books/figures.ts';
import { Notebook } from './books/notebook.ts';
import type { Stage } from './stage.ts';
import type { Payment } from './wire/answers.ts';
import { appClient, operatorClient, type Client } from './wire/clients.ts';
import { openReceiver, type Receiver } from './wire/receiver.ts';
import { sandboxControl, type SandboxControl } from './wire/sandbox.ts';

/** Everybody who takes part in the day, and what has been written down so far. */
export interface World {
  readonly stage: Stage;
  readonly say: (line: string) => void;
  readonly clock: Clock;
  readonly sandbox: SandboxControl;
  readonly receiver: Receiver;
  /** The business app, another one, and the people of finance and administration. */
  readonly app: Client;
  readonly otherApp: Client;
  readonly finance: Client;
  readonly checker: Client;
  readonly admin: Client;
  readonly notebook: Notebook;
  readonly figures: Figures;
  /** Every payment as it was first answered, by our order number. */
  readonly placed: Map<string, Payment>;
  /** Ids of refunds that were accepted. */
  readonly refunds: string[];
}

export const openWorld = async (stage: Stage, say: (line: string) => void): Promise<World> => {
  const sandbox = sandboxControl(stage.sandbox);
  const clock = new Clock(sandbox);
  await clock.read();
  const now = () => clock.now();
  return {
    stage,
    say,
    clock,
    sandbox,
    receiver: await openReceiver({
      secret: stage.app.webhook_secret,
      mayHaveSaid: (instant) => clock.mayHaveSaid(instant),
    }),
    app: appClient(stage.api, stage.app, now),
    otherApp: appClient(stage.api, stage.other_app, now),
    finance: operatorClient(stage.api, stage.finance_maker.token),
    checker: operatorClient(stage.api, stage.finance_checker.token),
    admin: operatorClient(stage.api, stage.admin.token),
    notebook: new Notebook(),
    figures: new Figures(),
    placed: new Map(),
    refunds: [],
  };
};

/** A new scene of the story, under the time that clocks in Shanghai show. */
export const scene = ({ say, clock }: World, title: string): void => {
  const now = clock.now();
  say('');
  say(`${shanghaiDate(now)} ${shanghaiTime(now)} in Shanghai: ${title}`);
};
