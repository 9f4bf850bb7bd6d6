import { createHash } from 'node:crypto';
import type { Reply } from './server.ts';

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--go:#0b6e4f}
*{box-sizing:border-box}
body{margin:0;font:16px/1.5 system-ui,"PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1rem}
header{display:flex;justify-content:space-between;align-items:baseline;gap:1rem}
h1{font-size:1.5rem;margin:0}
nav a{margin-left:1rem}
.note{padding:.75rem 1rem;border-left:4px solid var(--go);background:var(--soft)}
ul{list-style:none;padding:0;display:grid;gap:1rem}
li{border:1px solid var(--line);border-radius:.75rem;padding:1rem;display:flex;flex-wrap:wrap;gap:1rem;align-items:center}
.what{flex:1 1 20rem;min-width:0;overflow-wrap:anywhere}
.what h2{font-size:1.05rem;margin:0 0 .25rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:0 .75rem;margin:0;font-size:.875rem;opacity:.85}
dd{margin:0}
.sum{font-size:1.5rem;font-variant-numeric:tabular-nums;font-weight:600}
.do{display:flex;gap:.5rem}
button{font:inherit;min-height:2.75rem;padding:0 1.25rem;border-radius:.5rem;border:1px solid var(--line);background:transparent;color:inherit;cursor:pointer}
button.go{background:var(--go);border-color:var(--go);color:#fff}
button:focus-visible,a:focus-visible{outline:3px solid #3b82f6;outline-offset:2px}`;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? '');

export const yuan = (fen: number): string => `¥${(fen / 100).toFixed(2)}`;

interface Page {
  readonly lang: string;
  readonly title: string;
  /** HTML, with everything foreign in it escaped. */
  readonly main: string;
  readonly status?: number;
  /** Where a form may lead besides this origin: the browser asks that of redirects too. */
  readonly leadsTo?: string | undefined;
}

/** A page for a person in the payer's place: plain forms, no script. */
export const page = ({ lang, title, main, status = 200, leadsTo = '' }: Page): Reply => ({
  status,
  headers: {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': [
      "default-src 'none'",
      `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
      `form-action 'self' ${leadsTo}`.trimEnd(),
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'Referrer-Policy': 'no-referrer',
  },
  body: `<!doctype html>
<html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>${STYLE}</style></head><body><main>
${main}
</main></body></html>`,
});
