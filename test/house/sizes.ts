/**
 * How long lines and functions are. A line is measured in characters, as an editor shows them. A function reaches from
 * its head to its closing brace.
 */
import * as ts from 'typescript';

const columnsMax = 120;
const functionLinesMax = 60;
/** Nobody breaks an address of this many characters: it stands whole in its line, however long that gets. */
const longAddress = /https?:\/\/\S{60}/;

/** The lines of a text that are too long, as `file:line`. */
export function longLines(file: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, at) => ([...line].length > columnsMax && !longAddress.test(line) ? [`${file}:${at + 1}`] : []));
}

/** The same of lines that are comments: in tests, texts that are sent and expected stand whole in their lines. */
export function longComments(file: string, text: string): string[] {
  return longLines(file, text.replace(/^(?!\s*(?:\/\*|\*|\/\/)).*$/gm, ''));
}

/** The functions of a text that are too long: declarations, methods, accessors, constructors, arrows; not classes. */
export function longFunctions(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  const longIn = (node: ts.Node): string[] => {
    const inside: string[] = [];
    ts.forEachChild(node, (child) => void inside.push(...longIn(child)));
    if (!ts.isFunctionLike(node)) return inside;
    const first = lineOf(node.getStart(source));
    const lines = lineOf(node.end) - first + 1;
    return lines > functionLinesMax ? [`${file}:${first} has ${lines} lines`, ...inside] : inside;
  };
  return longIn(source);
}
