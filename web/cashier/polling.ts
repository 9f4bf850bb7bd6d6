/** Most payers pay within half a minute: asked often at first, then less and less. Seconds after each answer. */
const first = [3, 2, 2, 3, 3, 4] as const;

/** How long to wait for the next answer, after so many of them and so many seconds of waiting. */
export const waitSeconds = (answers: number, waitedSeconds: number): number =>
  first[answers] ?? (waitedSeconds < 120 ? 5 : 10);

/** Past its end an order is asked about once at once, and five times more; then the payer asks. */
export const answersPastEnd = 6;

/** What the server asks for goes before the schedule. It is a number of seconds here, never a date. */
export const retryAfterSeconds = (header: string | null): number | undefined => {
  const seconds = Number(header);
  return header !== null && seconds > 0 ? Math.min(seconds, 300) : undefined;
};
