import { SaxesParser } from 'saxes';

import { sizeLimit } from '#channels/files/lines.ts';
import { StatementError } from '#channels/statement.ts';

const chunkSize = 64 * 1024;
const depthLimit = 32;
const textLimit = 4_000;

interface Handlers {
  /** Names without their prefix, from the root on. */
  readonly opened: (path: readonly string[], attributes: (name: string) => string | undefined) => void;
  readonly closed: (path: readonly string[], text: string) => void;
  readonly root: (name: string, namespace: string, line: number) => void;
}

/**
 * Reads XML a piece at a time: no document type and so no entities but the five, bounded in size, depth and text. Returns where
 * it stands, for complaints.
 */
export const readXml = (bytes: Buffer, handlersOf: (line: () => number) => Handlers): void => {
  if (bytes.length > sizeLimit) throw new StatementError(1, 'the file is larger than 64 MB');
  const parser = new SaxesParser({ xmlns: true, position: true });
  const line = () => parser.line;
  const handlers = handlersOf(line);
  const path: string[] = [];
  let text = '';
  const complain = (reason: string): never => {
    throw new StatementError(line(), reason);
  };
  parser.on('doctype', () => complain('the file declares a document type, which statements do not have'));
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && encoding.toLowerCase() !== 'utf-8')
      complain(`the file says that it is ${encoding.slice(0, 32)}: only UTF-8 is read`);
  });
  parser.on('error', ({ message }) => complain(`the XML is damaged or was cut short: ${message.slice(0, 120)}`));
  parser.on('opentag', ({ local, uri, attributes }) => {
    if (path.length === 0) handlers.root(local, uri, line());
    if (path.push(local) > depthLimit) complain(`elements lie more than ${depthLimit} deep`);
    text = '';
    handlers.opened(path, (name) => attributes[name]?.value);
  });
  parser.on('text', (piece) => {
    text += piece;
    if (text.length > textLimit) complain(`a text is longer than ${textLimit} characters`);
  });
  parser.on('cdata', (piece) => {
    text += piece;
    if (text.length > textLimit) complain(`a text is longer than ${textLimit} characters`);
  });
  parser.on('closetag', () => {
    handlers.closed(path, text.trim());
    path.pop();
    text = '';
  });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (piece: Buffer, more: boolean): string => {
    try {
      return decoder.decode(piece, { stream: more });
    } catch {
      return complain('the text is not UTF-8');
    }
  };
  for (let at = 0; at < bytes.length; at += chunkSize) {
    const end = at + chunkSize;
    parser.write(decode(bytes.subarray(at, end), end < bytes.length));
  }
  parser.close();
};
