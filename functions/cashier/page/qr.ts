import { encode } from 'uqr';

import { Html } from './html.ts';

/** A quiet zone of four modules, as the standard asks: without it some wallets do not see the code. */
const quiet = 4;

/** Each row is one line of strokes as thick as a module: a third of the size of a square for each. */
const strokesOf = (row: readonly boolean[], y: number): string => {
  let path = '';
  let at = 0;
  for (let x = 0; x < row.length; x += 1) {
    if (!row[x]) continue;
    const start = x;
    while (row[x + 1]) x += 1;
    path += `${path === '' ? `M${start + quiet} ${y + quiet}.5` : `m${start - at} 0`}h${x + 1 - start}`;
    at = x + 1;
  }
  return path;
};

/** A QR code drawn by us: what is in it is never sent to anybody's drawing service. The caller names it for those who cannot see it. */
export const qrCode = (content: string): Html => {
  const { data, size } = encode(content, { ecc: 'M', border: 0 });
  const side = size + 2 * quiet;
  return new Html(
    `<svg viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges" aria-hidden="true">` +
      `<path fill="#fff" d="M0 0h${side}v${side}H0z"/><path stroke="#000" d="${data.map(strokesOf).join('')}"/></svg>`,
  );
};
