interface Bridge {
  invoke(name: string, params: unknown, done: () => void): void;
}

declare global {
  interface Window {
    WeixinJSBridge?: Bridge;
  }
}

/** Opens the wallet's own sheet. What it answers is not believed: it is only a good moment to ask the platform. */
export const callBridge = (params: string, done: () => void): void => {
  const call = () => window.WeixinJSBridge?.invoke('getBrandWCPayRequest', JSON.parse(params), done);
  if (window.WeixinJSBridge) call();
  else document.addEventListener('WeixinJSBridgeReady', call, { once: true });
};
