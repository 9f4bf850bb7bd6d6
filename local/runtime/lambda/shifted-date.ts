/** Gives a thread the machine's time: `Date` reads the shared offset whenever it is asked for now. */
export const shiftDate = (shared: SharedArrayBuffer): void => {
  const offset = new Float64Array(shared);
  const RealDate = Date;
  const now = (): number => RealDate.now() + (offset[0] ?? 0);
  const Shifted = new Proxy(RealDate, {
    construct: (target, values: unknown[], newTarget) => {
      const made: object = Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget);
      return made;
    },
    apply: () => new RealDate(now()).toString(),
    get: (target, key, receiver): unknown => (key === 'now' ? now : Reflect.get(target, key, receiver)),
  });
  Object.defineProperty(RealDate.prototype, 'constructor', { value: Shifted, configurable: true, writable: true });
  globalThis.Date = Shifted;
};
