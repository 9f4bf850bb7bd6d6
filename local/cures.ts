import { existsSync, statSync } from 'node:fs';

import * as z from 'zod';

const Told = z.object({ code: z.string().optional(), message: z.string().optional() });

/** Why a start has failed, in words that say what to do; nothing when it is a bug, which is shown whole. */
export const cureOf = (error: unknown, { folder, port }: { folder: string; port: number }): string | undefined => {
  const { code = '', message = '' } = Told.safeParse(error).data ?? {};
  if (code === 'EADDRINUSE' || /EADDRINUSE/.test(message))
    return `Port ${port} is taken. End what listens there, or take another: PORT=${port + 1} npm start`;
  if (/another runtime is running/.test(message))
    return `The platform runs on ${folder} already, in another terminal: use that one, or end it first (Ctrl-C there).`;
  if (existsSync(folder) && !statSync(folder).isDirectory())
    return `${folder} is a file, and must be a folder: move it away, then npm start`;
  if (['EACCES', 'EROFS', 'EPERM', 'ENOSPC'].includes(code))
    return `${folder} cannot be written (${code}): start where you may write and there is room, or free it.`;
  if (/not a database|malformed|disk image|unable to open database/.test(message) || error instanceof SyntaxError)
    return `What is kept in ${folder} cannot be read: a file of it is damaged. Move ${folder} away to look at it later, or npm start -- --fresh begins empty.`;
  if (/is an optional dependency/.test(message)) return message;
  if (/synthesis failed/.test(message))
    return `The sources could not be made into stacks; npm run check says more.\n${message}`;
  return undefined;
};

/** The port that was asked for, or why it is none. */
export const portOf = (text = '3000'): number | string => {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port > 0 && port < 65_536
    ? port
    : `PORT is ${JSON.stringify(text)}, and must be a number from 1 to 65535: PORT=3000 npm start`;
};
