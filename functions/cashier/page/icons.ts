import { html, Html, type Html as Drawn } from './html.ts';

const drawn = (inside: string): Html =>
  new Html(`<svg class="icon" viewBox="0 0 32 32" aria-hidden="true">${inside}</svg>`);

const tile = (colour: string) => `<rect width="32" height="32" rx="8" fill="${colour}"/>`;
const line = (path: string) =>
  `<path d="${path}" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/>`;

const card = drawn(`${tile('#3d5a80')}${line('M7 10h18v12H7zM7 14h18M11 18.5h4')}`);
const bank = drawn(`${tile('#3d5a80')}${line('M7 13l9-5 9 5zM10 13v8M16 13v8M22 13v8M7 23h18')}`);
const phone = drawn(`${tile('#4a4e57')}${line('M11 6h10v20H11zM15 22.5h2')}`);
const shop = drawn(`${tile('#8a5a00')}${line('M7 14h18v11H7zM7 14l2-6h14l2 6M13 25v-6h6v6')}`);

/** Signs of our own in the colours by which the wallets are known; nobody's mark is copied. */
const icons: Readonly<Record<string, Drawn>> = {
  wechat: drawn(
    `${tile('#0a9a4a')}<path fill="#fff" d="M13 8c-4.4 0-8 2.9-8 6.5 0 2.1 1.2 3.9 3.1 5.1L7.4 22l2.9-1.5c.9.2 1.8.3 2.7.3h.5a5.6 5.6 0 0 1-.2-1.5c0-3.4 3.3-6.1 7.3-6.1h.3C20 10.2 16.8 8 13 8z"/><path fill="#fff" d="M27 19.3c0-2.9-2.9-5.2-6.4-5.2s-6.4 2.3-6.4 5.2 2.9 5.2 6.4 5.2c.8 0 1.5-.1 2.2-.3L25 25.4l-.6-2c1.6-1 2.6-2.4 2.6-4.1z"/>`,
  ),
  alipay: drawn(`${tile('#1366d6')}${line('M8 10.5h16M16 6.5v8M10 14.5h11c-1 4-5 8.5-11 10M12 17.5c4 1 8 3.5 12 6')}`),
  unionpay: drawn(
    '<rect width="32" height="32" rx="8" fill="#eef1f4"/><path fill="#d7263d" d="M8 9h7l-3 14H5z"/><path fill="#12578f" d="M14 9h7l-3 14h-7z"/><path fill="#0d7d74" d="M20 9h7l-3 14h-7z"/>',
  ),
  bestpay: drawn(`${tile('#c2410c')}${line('M7 19c4-9 8-9 9-3s5 4 9-5')}`),
  jdpay: drawn(`${tile('#c8102e')}${line('M12 9v10c0 3-1.5 4-4 4M17 9v14c8 0 8-14 0-14z')}`),
  lakala: drawn(`${tile('#0f6fb5')}${line('M11 8v15h10')}`),
  yeepay: drawn(`${tile('#1f7a4d')}${line('M9 8l7 8 7-8M16 16v8')}`),
  bank,
  balance: drawn(`${tile('#7a4fb5')}${line('M7 11h18v13H7zM7 11l14-4v4M20 17.5h5')}`),
  prepaid: card,
  card,
  apple: phone,
  samsung: phone,
  huawei: phone,
  counter: shop,
};

/** By the name that an operator gave, or by the first word of the method. A name that the page does not have is a card. */
export const iconOf = (method: string, named?: string): Html =>
  icons[named ?? ''] ?? icons[method.split('_')[0] ?? ''] ?? card;

const sign = (kind: string, path: string): Html =>
  html`<svg class="sign ${kind}" viewBox="0 0 48 48" aria-hidden="true">
    <circle cx="24" cy="24" r="22" />
    ${new Html(`<path d="${path}"/>`)}
  </svg>`;

export const signs = {
  good: sign('good', 'M14 25l7 7 14-15'),
  wait: sign('wait', 'M24 12v13l8 5'),
  bad: sign('bad', 'M24 13v14M24 34v.1'),
  over: sign('over', 'M15 24h18'),
} as const;
