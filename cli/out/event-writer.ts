/** Events to stdout in the form that was asked for: text, json, ndjson, csv or a template. */

import { csvHeader, csvLine } from '../../client/src/csv-line.ts';
import { ShownEvent } from '../../client/src/shown-event.ts';
import { type Call, type OptionRow, textOption } from '../command-row.ts';
import { UsageError } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { compileTemplate } from './template.ts';
import { textLine } from './text-line.ts';

const forms = ['text', 'json', 'ndjson', 'csv'] as const;
type Form = (typeof forms)[number];

export const outputOptions: readonly OptionRow[] = [
  { flags: '-o, --output <form>', help: 'text, json, ndjson (as stored) or csv', choices: forms, fallback: 'text' },
  {
    flags: '-t, --template <text>',
    help: 'a line of {occurred} {event} {resource.id} {label[x]} {payload.a.b} {json} …',
  },
];

export interface EventWriter {
  /** Each batch is one write. */
  write(texts: readonly string[]): Promise<void>;
  /** What belongs behind the last event. */
  end(): Promise<void>;
}

/** With `isOneArray` json is one array, else an object a line. */
export function eventWriter(call: Pick<Call, 'options' | 'terminal'>, isOneArray: boolean): EventWriter {
  const { terminal } = call;
  const template = textOption(call, 'template');
  const form = formOf(textOption(call, 'output') ?? 'text');
  if (template !== undefined) {
    if (form !== 'text') throw new UsageError('-t makes the lines itself: leave -o out.');
    return lineWriter(terminal, endLine(compileTemplate(template)), '');
  }
  switch (form) {
    case 'text': {
      const columns = (): number | null => (terminal.isInteractive ? terminal.columns : null);
      return lineWriter(terminal, (event) => `${textLine(event, terminal.colors, columns())}\n`, '');
    }
    case 'csv':
      return lineWriter(terminal, (event) => `${csvLine(event)}\n`, `${csvHeader}\n`);
    case 'json':
      return isOneArray ? arrayWriter(terminal) : textWriter(terminal);
    case 'ndjson':
      return textWriter(terminal);
    default:
      return form satisfies never;
  }
}

function endLine(compiled: (event: ShownEvent) => string): (event: ShownEvent) => string {
  return (event) => {
    const text = compiled(event);
    return text.endsWith('\n') ? text : `${text}\n`;
  };
}

function lineWriter(terminal: Terminal, line: (event: ShownEvent) => string, header: string): EventWriter {
  let head = header;
  return {
    async write(texts) {
      const lines = head + texts.map((text) => line(new ShownEvent(text))).join('');
      head = '';
      await terminal.print(lines);
    },
    async end() {
      if (head !== '') await terminal.print(head);
    },
  };
}

function textWriter(terminal: Terminal): EventWriter {
  return { write: (texts) => terminal.print(`${texts.join('\n')}\n`), end: async () => undefined };
}

function arrayWriter(terminal: Terminal): EventWriter {
  let before = '[';
  return {
    async write(texts) {
      const written = texts.map((text) => {
        const each = `${before}\n${text}`;
        before = ',';
        return each;
      });
      await terminal.print(written.join(''));
    },
    end: () => terminal.print(before === '[' ? '[]\n' : '\n]\n'),
  };
}

function formOf(text: string): Form {
  const form = forms.find((each) => each === text);
  if (form === undefined) throw new UsageError(`-o is one of ${forms.join(', ')}, not ${text}.`);
  return form;
}
