import { concluded, isBlocking, type Risk } from './decision.ts';
import { askEngine, type Ask } from './engine.ts';
import { findingOf, screen, type Screened } from './judge.ts';
import type { RiskRules } from './rules.ts';
import type { VelocityStore } from './store.ts';
import { sliding, windowsOf } from './window.ts';

export interface Deps {
  /** Of the app, or of all that have none of their own, with the version at which they stand. */
  readonly rules: (appId: string) => Promise<{ readonly row: RiskRules; readonly version: number } | undefined>;
  readonly velocity: VelocityStore;
  readonly ask: Ask;
}

interface Assessing {
  /** Counts somebody, or asks somebody else: not to be done twice for one payment. */
  readonly isCostly: boolean;
  readonly conclude: () => Promise<Risk | undefined>;
}

/** 风险评估, in two parts: what can be seen at once, and the judgement. Without rules nothing is thought of a payment. */
export const assess = async (
  { rules, velocity, ask }: Deps,
  appId: string,
  screenedBy: (rules: RiskRules) => Promise<Screened>,
): Promise<Assessing> => {
  const standing = await rules(appId);
  if (!standing) return { isCostly: false, conclude: async () => undefined };
  const { row, version } = standing;
  const screened = await screenedBy(row);
  const { findings, counting, asksEngine } = screen(row, screened);

  const counted = async () => {
    const found = await Promise.all(
      counting.map(async (each) => {
        const windows = windowsOf(each, appId, screened.at);
        const { current, previous } = await velocity.add(windows, screened.amount);
        return findingOf(each, sliding(current, previous, windows));
      }),
    );
    return found.flat();
  };
  return {
    isCostly: counting.length > 0 || asksEngine,
    conclude: async () => {
      const known = [...findings, ...(await counted())];
      const engine = asksEngine && !known.some(isBlocking) ? row.engine : undefined;
      const said = engine ? await askEngine(ask, engine, screened, version) : [];
      return concluded([...known, ...said], version);
    },
  };
};
