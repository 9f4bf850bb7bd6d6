const levels = new Map([
  ['{', 1],
  ['[', 1],
  ['}', -1],
  [']', -1],
]);

/**
 * The members of a JSON object as they are written: a signature of Alipay covers the very text of one, escapes and all. The text
 * must be known to be JSON; a name that stands twice makes it nobody's, for two readers could each see another.
 */
export const membersOf = (text: string): ReadonlyMap<string, string> | undefined => {
  const members = new Map<string, string>();
  let depth = 0;
  let name: string | undefined;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]/g)) {
    const isEnd = depth === 1 && (token === ',' || token === '}');
    if (isEnd && name !== undefined) {
      if (members.has(name)) return undefined;
      members.set(name, text.slice(start, index).trim());
      name = undefined;
    }
    if (depth === 1 && token === ':') start = index + 1;
    if (depth === 1 && token.startsWith('"')) name ??= String(JSON.parse(token));
    depth += levels.get(token) ?? 0;
  }
  return members;
};
