import { Stopped } from '../wait.ts';

const answerSeconds = 30;

/** What a payer's browser is given: a page, or where it goes next. */
interface Given {
  readonly status: number;
  readonly text: string;
  readonly next: URL | undefined;
}

/** One step of a payer's browser: it opens an address, or posts a form there, and is told where it goes next. */
export const browse = async (url: URL, form?: Readonly<Record<string, string>>): Promise<Given> => {
  const response = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(answerSeconds * 1_000),
    ...(form && { method: 'POST', body: new URLSearchParams(form) }),
  });
  const location = response.headers.get('location');
  if (response.status >= 400) throw new Stopped(`the payer's browser was answered ${response.status} by ${url.host}`);
  return { status: response.status, text: await response.text(), next: location ? new URL(location, url) : undefined };
};
