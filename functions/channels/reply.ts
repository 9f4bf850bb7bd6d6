/** A reply that tells nothing about the order: unknown, to be asked again. Names the place and the code, nothing else. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** A signature covers a reply, not the question: that it answers ours must be compared. */
export const mustBe = (what: string, answered: string | undefined, asked: string): void => {
  if (answered !== asked) throw new Unanswered(`the reply is about another ${what}`);
};

/** The whole body of a reply, which is no larger than any that the channel would make; `heard` is told of each piece. */
export const bytesOf = async (
  response: { readonly body: AsyncIterable<Uint8Array> | null },
  limit: number,
  heard?: () => void,
): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    // Leaving the loop cancels the stream: what is too large is not read to its end.
    if (size > limit) throw new Unanswered('the reply is larger than any reply of this channel');
    chunks.push(chunk);
    heard?.();
  }
  return Buffer.concat(chunks);
};
