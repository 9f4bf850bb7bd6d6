/** A reply that tells nothing about the order: unknown, to be asked again. Names the place and the code, nothing else. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

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
