export type Language = 'zh' | 'en';

/** One text in every language of the page. */
export type Text = Readonly<Record<Language, string>>;

export const tagOf = { zh: 'zh-CN', en: 'en' } as const satisfies Text;

const asked = (accept: string): string[] =>
  accept
    .split(',')
    .map((part) => {
      const [range = '', ...parameters] = part.trim().split(/\s*;\s*/);
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return { range: range.toLowerCase(), weight: weight === undefined ? 1 : Number(weight) || 0 };
    })
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ range }) => range);

/** What the address says, then the browser's preference, then Chinese: whoever reads neither is likelier to read English. */
export const languageOf = (named: string | undefined, accept: string | undefined): Language => {
  if (named === 'zh' || named === 'en') return named;
  const ranges = asked(accept ?? '');
  const known = ranges.find((range) => /^(zh|en)\b/.test(range));
  if (known) return known.startsWith('zh') ? 'zh' : 'en';
  return ranges.some((range) => range !== '' && range !== '*') ? 'en' : 'zh';
};
