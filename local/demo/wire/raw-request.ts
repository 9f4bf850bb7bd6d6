import type { Signed, ToSign } from './signing.ts';

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** A signed request as it goes over the wire, what the signature is over, and the same for a shell. */
export const rawRequest = ({ method, url, body }: ToSign, { headers, base }: Signed): string[] => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const curl = [
    `curl -X ${method} ${quoted(url.href)}`,
    ...lines.map((line) => `-H ${quoted(line)}`),
    ...(body === undefined ? [] : [`--data-raw ${quoted(body)}`]),
  ];
  return [
    `  ${method} ${url.pathname}${url.search} HTTP/1.1`,
    `  host: ${url.host}`,
    ...lines.map((line) => `  ${line}`),
    ...(body === undefined ? [] : ['', `  ${body}`]),
    '',
    'What the signature is over:',
    '',
    ...base.split('\n').map((line) => `  ${line}`),
    '',
    'The same in a shell, within 300 s:',
    '',
    `  ${curl.join(' \\\n    ')}`,
    '',
  ];
};
