/** The beginning of what a channel says for people; a cut, theirs or ours, may leave half a character, which no store takes. */
export const saying = (text: string, limit = 256): string => text.slice(0, limit).toWellFormed();

/** Channels count bytes of UTF-8 (WeChat: 字节数 145,大于最大值 127), our callers count characters: cut, never in the middle of one. */
export const withinBytes = (text: string, limit: number): string => {
  let kept = '';
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > limit) break;
    kept += character;
  }
  return kept;
};
