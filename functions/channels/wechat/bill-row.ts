import { namesIn as namesAmong, Row } from '#channels/files/row.ts';
import type { TextLine } from '#channels/files/lines.ts';

import { cellsOf } from './bill-text.ts';

const cut = (line: TextLine) => ({ number: line.number, cells: cellsOf(line) });

/** Where each column is. */
export const namesIn = (header: TextLine) => namesAmong(cut(header));

export const rowOf = (line: TextLine, columns: ReadonlyMap<string, number>) => new Row(cut(line), columns);
