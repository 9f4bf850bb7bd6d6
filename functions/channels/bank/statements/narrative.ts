/** `:86:` as banks structure it: a code of the business, then subfields, each led in by a sign of the bank's choice and two digits. */
const structured = /^\d{3}([?<>~^+])\d{2}/;

const textFields = (code: number) => (code >= 20 && code <= 29) || (code >= 60 && code <= 63);

interface Narrative {
  readonly text: string;
  readonly payer: { readonly name: string; readonly account: string };
}

/** What a bank writes about an entry: whole, and of a structured one what the payer wrote and who it is. */
export const narrativeOf = (lines: readonly string[]): Narrative => {
  const sign = structured.exec(lines[0] ?? '')?.[1];
  if (sign === undefined) return { text: lines.join('\n').trim(), payer: { name: '', account: '' } };
  // Lines are cut where they are full, in the middle of words and of subfields.
  const parts = lines.join('').slice(3).split(sign).filter(Boolean);
  const fields = parts.flatMap((part) => {
    const code = /^(\d{2})(.*)$/s.exec(part);
    return code ? [{ code: Number(code[1]), text: code[2] ?? '' }] : [];
  });
  const all = (isWanted: (code: number) => boolean) =>
    fields
      .filter(({ code }) => isWanted(code))
      .map(({ text }) => text)
      .join('');
  return {
    text: all(textFields).trim(),
    payer: { name: all((code) => code === 32 || code === 33).trim(), account: all((code) => code === 31).trim() },
  };
};
