/**
 * What a number means here, by how it ends: the numbers Alipay's gateway itself answers with, and the same at every channel.
 * It is read off the payer's code that a counter scans, and off the payee's account of a transfer (what stands before an `@`).
 *
 *   …10003  waits: the payer enters a password, the payee's bank takes its time. Then the control side decides.
 *   …20000  is done, but the answer says that nobody knows.
 *   …40002  is a code or an account that is not valid.
 *   …40004  is refused: the payer has too little, the payee does not exist.
 *
 * Any other is good at once, and for ever: a real code is good for a minute and for one payment.
 */
export type Omen = 'good' | 'waits' | 'unknown' | 'invalid' | 'refused';

const omens = new Map<string, Omen>([
  ['10003', 'waits'],
  ['20000', 'unknown'],
  ['40002', 'invalid'],
  ['40004', 'refused'],
]);

export const omenOf = (code: string): Omen => omens.get((code.split('@')[0] ?? '').slice(-5)) ?? 'good';
