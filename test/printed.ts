import { vi } from 'vitest';

/** What is logged from now on: a JSON object a line, kept off the screen. */
export const printed = (): string[] => {
  const lines: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(...String(text).split('\n').filter(Boolean));
    return true;
  });
  return lines;
};
