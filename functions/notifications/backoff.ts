/**
 * The seconds before each delivery: the first at once, every other one counted from the end of the one before it.
 * WeChat Pay's list, which the apps of a Chinese shop are already built for. The place in the list *is* the number of
 * deliveries made, so that no step can be skipped by counting one off.
 */
const waits: readonly number[] = [
  0, 15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600,
];

/** The longest wait that a queue message can make. */
const longestMessageDelay = 900;

/** How long to wait when so many deliveries have been made; nothing once the schedule is used up. */
export const waitSeconds = (deliveries: number): number | undefined => waits[deliveries];

/** Whether a delayed message makes this wait. Longer ones end when the sweep over the `due` index comes by. */
export const isWaitOfMessage = (seconds: number): boolean => seconds <= longestMessageDelay;
