/** The sandbox speaks to this machine and to nothing else: 127.0.0.0/8, ::1, localhost. `URL` has normalised the host. */
export const isLoopback = (url: URL): boolean =>
  /^https?:$/.test(url.protocol) && /^(?:localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/.test(url.hostname);
