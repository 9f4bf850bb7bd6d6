import * as z from 'zod';

const BatchAnswer = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).nullish() })
  .nullish();

/**
 * The items a function says it failed. As on AWS an empty answer is a success, and one that cannot be read, or that
 * names an item the batch did not have, fails the whole batch.
 */
export const failedItemsOf = (payload: string, items: readonly string[]): readonly string[] | 'all' => {
  const answer = BatchAnswer.safeParse(JSON.parse(payload));
  if (!answer.success) return 'all';
  const failed = answer.data?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier) ?? [];
  return failed.every((item) => items.includes(item)) ? failed : 'all';
};
