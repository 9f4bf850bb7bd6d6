import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';

/** A figure, and what it must not be above; without a budget it is only told. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly budget?: number;
}

export const say = (line = ''): void => void process.stdout.write(`${line}\n`);

const shown = (value: number) =>
  Number.isInteger(value) ? value.toLocaleString('en') : value.toLocaleString('en', { maximumFractionDigits: 2 });

const verdict = ({ value, budget }: Figure) => {
  if (budget === undefined) return '';
  return value <= budget ? `✓ budget ${shown(budget)}` : `MISSED budget ${shown(budget)}`;
};

/** The figures as a table, and as a file beside those of earlier runs. */
export const publish = (part: string, method: string, figures: readonly Figure[]): void => {
  say(`\n${part}`);
  say(`  ${method}`);
  for (const figure of figures)
    say(`  ${figure.what.padEnd(62)} ${shown(figure.value).padStart(12)} ${figure.unit.padEnd(14)} ${verdict(figure)}`);
  const environment = {
    at: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
  };
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  const file = part.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  writeFileSync(join(folder, `${file}.json`), `${JSON.stringify({ part, method, environment, figures }, null, 2)}\n`);
};

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
};
