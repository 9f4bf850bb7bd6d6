import * as z from 'zod';
import { Stopped } from '../wait.ts';

export interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly asked: string;
  readonly status: number;
  readonly bytes: Buffer;
  readonly text: string;
}

const ANSWER_SECONDS = 30;

/** RFC 9457, as far as a reader of the story wants to know. */
const Problem = z.object({
  code: z.string(),
  detail: z.string(),
  retry: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** One question and its answer, whatever its status. A clock that moves for a day may take longer to answer. */
export const send = async (request: Request, seconds = ANSWER_SECONDS): Promise<Answer> => {
  const { method, url, headers, body } = request;
  const asked = `${method} ${url.pathname}${url.search}`;
  try {
    const response = await fetch(url, {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(seconds * 1_000),
      ...(headers && { headers }),
      ...(body !== undefined && { body }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    return { asked, status: response.status, bytes, text: bytes.toString('utf8') };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Stopped(`${asked} at ${url.origin} was not answered: ${String(cause)}`, { cause: error });
  }
};

export const problemOf = (answer: Answer): z.infer<typeof Problem> =>
  Problem.catch({ code: 'no problem document', detail: answer.text.slice(0, 300) }).parse(jsonOf(answer.text));

/** `422 refund_exceeds_refundable: …`, as it is shown in the story. */
export const shown = (answer: Answer): string => {
  const { code, detail, errors = [] } = problemOf(answer);
  const places = errors.map((error) => ` (${error.pointer} ${error.detail})`).join('');
  return `${answer.status} ${code}: ${detail}${places}`;
};

/** What an answer says, when it is the one that was expected; anything else ends the day with its code and detail. */
export const expecting = <T>(answer: Answer, statuses: readonly number[], schema: z.ZodType<T>): T => {
  if (!statuses.includes(answer.status)) {
    throw new Stopped(`${answer.asked} was expected to answer ${statuses.join(' or ')}, but: ${shown(answer)}`);
  }
  const parsed = schema.safeParse(jsonOf(answer.text));
  if (parsed.success) return parsed.data;
  throw new Stopped(`${answer.asked} answered something else than was agreed:\n${z.prettifyError(parsed.error)}`);
};
