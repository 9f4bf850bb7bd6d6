import { parseArgs } from 'node:util';

import * as z from 'zod';

import { Stopped } from '../demo/wait.ts';
import { expecting } from '../demo/wire/http.ts';
import { handsOn, readStage, runTool } from './stage.ts';

const usage = `npm run trace -- pay_…   shows what became of a payment: the seven steps, with their times`;

const Trace = z.object({
  payment_id: z.string(),
  status: z.string(),
  steps: z.array(
    z.object({
      step: z.string(),
      at: z.coerce.date(),
      ms: z.int().nullable(),
      attempt_no: z.int().nullable(),
      detail: z.string(),
    }),
  ),
});

/** Milliseconds since the first step, then what it was. */
const lines = ({ payment_id, status, steps }: z.infer<typeof Trace>): string[] => {
  const first = steps[0]?.at.getTime() ?? 0;
  return [
    `${payment_id} is ${status}`,
    ...steps.map(({ step, at, ms, attempt_no, detail }) => {
      const after = `+${at.getTime() - first} ms`.padStart(12);
      const took = ms === null ? '' : ` (took ${ms} ms)`;
      return `${after}  ${step.padEnd(16)} ${attempt_no === null ? '  ' : `#${attempt_no}`} ${detail}${took}`;
    }),
  ];
};

await runTool(async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [id] = positionals;
  if (!id || !/^pay_[0-9A-Z]{26}$/.test(id)) throw new Stopped(usage);
  const { operator } = await handsOn(await readStage());
  const trace = expecting(await operator.get(`/admin/v1/payments/${id}/trace`), [200], Trace);
  for (const line of lines(trace)) console.log(line);
});
