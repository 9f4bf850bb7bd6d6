/** A state machine is a table: what is absent is refused, and a diagram can be drawn from it. */
export const machine = <State extends string, Event extends string>(
  table: Readonly<Record<State, Readonly<Partial<Record<Event, State>>>>>,
) => ({
  table,
  next: (from: State, event: Event): State | undefined => table[from][event],
});
