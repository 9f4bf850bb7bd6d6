import * as code from './code.ts';
import { storyOf, tell, shrunk } from './story.ts';

const [from = 0, count = 200] = process.argv.slice(2).map(Number);
// What the platform logs would be in between.
const log = console.error;
process.stdout.write = () => true;
const start = performance.now();
let steps = 0,
  invocations = 0,
  found = 0;
const tally = new Map<string, number>();
for (let seed = from; seed < from + count; seed += 1) {
  const { violations, world } = await tell(code, storyOf(seed), process.env['TRACE'] ? { trace: log } : {});
  steps += world.clock.steps;
  invocations += world.clock.invocations;
  for (const payment of world.rows<{
    attempts: { late?: boolean; duplicate?: boolean; mismatch?: unknown; status: string; repeats?: number }[];
    closed_at?: string;
  }>('pay_')) {
    for (const a of payment.attempts) {
      const k = `${a.status}${a.late ? ' late' : ''}${a.duplicate ? ' duplicate' : ''}${a.mismatch ? ' mismatch' : ''}${a.repeats ? ' repeats' : ''}`;
      tally.set(k, (tally.get(k) ?? 0) + 1);
    }
  }
  for (const r of world.rows<{ status: string }>('rfd_'))
    tally.set(`refund ${r.status}`, (tally.get(`refund ${r.status}`) ?? 0) + 1);
  if (violations.length > 0) {
    found += 1;
    log(`seed ${seed}: ${violations.slice(0, 3).join(' | ')}`);
    if (process.env['SHRINK']) {
      const [kind] = violations[0]!.split(':');
      const least = await shrunk(code, storyOf(seed), (told) =>
        told.violations.some((each) => each.startsWith(`${kind}:`)),
      );
      const again = await tell(code, least, { trace: log });
      log(least.orders, least.weather, again.violations);
      break;
    }
    if (found >= 10) break;
  }
}
const seconds = (performance.now() - start) / 1000;
log(Object.fromEntries([...tally].toSorted(([a], [b]) => (a < b ? -1 : 1))));
const cpu = process.cpuUsage();
log({
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  seconds,
  perSecond: count / seconds,
  steps: steps / count,
  invocations: invocations / count,
  found,
});
