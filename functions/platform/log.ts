/**
 * One JSON object a line (the functions log in JSON), the only place that writes to the log.
 * What is logged is named field by field: never a request, a row or a configuration as a whole, so no secret slips in.
 */
type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Past the console: where logs are JSON, Lambda wraps what is said to the console in an object of its own, as text, and then
 * no metric is counted and no field is found.
 */
const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const write = (level: 'INFO' | 'WARN' | 'ERROR', message: string, fields: Fields) =>
  print({ timestamp: new Date().toISOString(), level, message, ...fields });

export const log = {
  info: (message: string, fields: Fields = {}) => write('INFO', message, fields),
  warn: (message: string, fields: Fields = {}) => write('WARN', message, fields),
  error: (message: string, error: unknown, fields: Fields = {}) =>
    write('ERROR', message, {
      ...fields,
      error: error instanceof Error ? error.name : 'thrown',
      cause: error instanceof Error ? error.message : String(error),
      stack: error instanceof Error ? error.stack : undefined,
    }),
};

/** A metric in CloudWatch's embedded format: counted from the log, so it costs no call and fails nothing. */
export const count = (name: string, value = 1) =>
  print({
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [{ Namespace: 'Suanpan', Dimensions: [[]], Metrics: [{ Name: name, Unit: 'Count' }] }],
    },
    [name]: value,
  });
