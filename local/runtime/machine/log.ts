/** One line of the machine's log: what a function wrote, or what the runtime has to say about itself. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: unknown;
  readonly function?: string;
  readonly request_id?: string;
}

export type Log = (line: LogLine) => void;

/** Without a listener a machine is quiet, except about what went wrong. */
export const logTo = (listener: ((line: string) => void) | undefined, now: () => Date): Log => {
  const write = listener ?? ((line: string) => process.stderr.write(`${line}\n`));
  return (line) => {
    if (listener === undefined && line.level !== 'error') return;
    write(JSON.stringify({ time: now().toISOString(), ...line }));
  };
};
