import { mutants, withBug } from './mutants.ts';
import { storyOf, tell } from './story.ts';
// What the platform logs would be in between.
const log = console.error;
process.stdout.write = () => true;
const only = process.argv[2];
for (const mutant of mutants) {
  if (only && !mutant.bug.includes(only)) continue;
  let code;
  try {
    code = await withBug(mutant);
  } catch (e) {
    log(String(e));
    continue;
  }
  const start = performance.now();
  let at = 0;
  let why: string[] = [];
  for (; at < Number(process.argv[3] ?? 400) && why.length === 0; at += 1)
    why = (await tell(code, storyOf(at))).violations;
  log(
    why.length ? `caught after ${at}` : `MISSED ${at}`,
    mutant.bug,
    '—',
    (why[0] ?? '').slice(0, 90),
    Math.round(performance.now() - start),
    'ms',
  );
}
