import { deflateRawSync, inflateRawSync } from 'node:zlib';

import * as z from 'zod';

/** Below this, packing costs more than it saves. */
const worthwhile = 512;
/** What a row can hold at all, unpacked; more is not of our making. */
const most = 1_048_576;

/** Text that a row keeps packed: a kilobyte less is a write unit less, each time the row is written. */
export const Packed = z.codec(z.union([z.string(), z.instanceof(Uint8Array)]), z.string(), {
  decode: (kept) =>
    typeof kept === 'string' ? kept : inflateRawSync(kept, { maxOutputLength: most }).toString('utf8'),
  encode: (text) => (text.length < worthwhile ? text : Uint8Array.from(deflateRawSync(text))),
});
