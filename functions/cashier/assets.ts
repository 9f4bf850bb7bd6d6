import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { Assets } from './page/document.ts';

export interface Asset {
  readonly type: string;
  readonly body: string;
  readonly address: string;
}

const assetOf = (folder: URL, file: string, type: string): Asset => {
  const body = readFileSync(new URL(file, folder), 'utf8');
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { type, body, address: `/cashier/assets/${file.replace('.', `-${hash}.`)}` };
};

/** What the bundle has put beside this function, each under a name that changes with its content. */
export const assetsIn = (folder: URL) => {
  const script = assetOf(folder, 'page.js', 'text/javascript; charset=utf-8');
  const style = assetOf(folder, 'page.css', 'text/css; charset=utf-8');
  return {
    addresses: { script: script.address, style: style.address } satisfies Assets,
    /**
     * By the name that a page asks for. A page made a moment before a deployment asks for what is gone by now: it gets what
     * there is, uncached, rather than nothing.
     */
    find: (name: string): (Asset & { readonly isExact: boolean }) | undefined => {
      const asset = [script, style].find(({ address }) => address.endsWith(name.slice(name.lastIndexOf('.'))));
      if (!asset || !/^page-[0-9a-f]{16}\.(js|css)$/.test(name)) return undefined;
      return { ...asset, isExact: asset.address === `/cashier/assets/${name}` };
    },
  };
};
