/**
 * All single changes of the usual kinds in one source: conditions, comparisons, arithmetic, logic, literals, calls and
 * statements left out, answers forgotten. What no law can hold is left alone: types, sentences to people, log lines,
 * and bounds with a name.
 */
import ts from 'typescript';

export interface Change {
  readonly operator: string;
  readonly start: number;
  readonly end: number;
  /** A statement is left out (`text` is ''), or replaced by others; an expression is replaced by another. */
  readonly isStatement: boolean;
  readonly text: string;
}

export function parse(source: string, file: string): ts.SourceFile {
  return ts.createSourceFile(file, source, ts.ScriptTarget.ES2023, true);
}

export function findChanges(source: ts.SourceFile): Change[] {
  const found: Change[] = [];
  const visit = (node: ts.Node): void => {
    if (isLeftAlone(node)) return;
    found.push(...changesOf(node, source));
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

const { SyntaxKind } = ts;

function isLeftAlone(node: ts.Node): boolean {
  if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return true;
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  return isLogged(node) || isError(node) || isNamedBound(node);
}

/** `log.warn(…)`: for people. `failPoint(…)`: where crash tests kill. */
function isLogged(node: ts.Node): boolean {
  const call = ts.isExpressionStatement(node) ? node.expression : node;
  if (!ts.isCallExpression(call)) return false;
  if (call.expression.getText() === 'failPoint') return true;
  if (!ts.isPropertyAccessExpression(call.expression)) return false;
  const target = call.expression.expression.getText();
  return target === 'log' || target.endsWith('.log') || target.endsWith('#log');
}

/** Sentences are for people; that something is thrown is a statement of its own. */
function isError(node: ts.Node): boolean {
  return ts.isNewExpression(node) && /Error$|^Failure$|Refused$|OutOfOrder$/.test(node.expression.getText());
}

/** `const chunkBytesMax = 64 * 1024` outside of functions: a size that was chosen, not a rule. */
function isNamedBound(node: ts.Node): boolean {
  if (!ts.isVariableStatement(node) || node.parent.kind !== SyntaxKind.SourceFile) return false;
  return node.declarationList.declarations.every(
    ({ initializer }) =>
      initializer !== undefined && /^(\w+(Max|Bytes|Ms|Events)\b|[-\d_.e*+ /()])+$/.test(initializer.getText()),
  );
}

function changesOf(node: ts.Node, source: ts.SourceFile): Change[] {
  const start = node.getStart(source);
  const end = node.getEnd();
  const to = (operator: string, text: string): Change => ({ operator, start, end, isStatement: false, text });
  if (ts.isBinaryExpression(node)) return ofBinary(node).map(([operator, text]) => to(operator, text));
  if (ts.isPrefixUnaryExpression(node)) return ofPrefix(node).map(([operator, text]) => to(operator, text));
  if (ts.isCallExpression(node)) return ofCall(node).map(([operator, text]) => to(operator, text));
  if (ts.isStringLiteral(node) && isValue(node)) return [to('text', node.text === '' ? `'mutant'` : `''`)];
  if (ts.isNumericLiteral(node) && isValue(node)) return [to('number', node.text === '0' ? '1' : `${node.text} + 1`)];
  if (node.kind === SyntaxKind.TrueKeyword) return [to('boolean', 'false')];
  if (node.kind === SyntaxKind.FalseKeyword) return [to('boolean', 'true')];
  return [...ofCondition(node, source), ...ofStatement(node, source)];
}

const twins: Partial<Record<ts.SyntaxKind, readonly [operator: string, text: string][]>> = {
  [SyntaxKind.LessThanToken]: [['boundary', '<=']],
  [SyntaxKind.LessThanEqualsToken]: [['boundary', '<']],
  [SyntaxKind.GreaterThanToken]: [['boundary', '>=']],
  [SyntaxKind.GreaterThanEqualsToken]: [['boundary', '>']],
  [SyntaxKind.EqualsEqualsEqualsToken]: [['equality', '!==']],
  [SyntaxKind.ExclamationEqualsEqualsToken]: [['equality', '===']],
  [SyntaxKind.AmpersandAmpersandToken]: [['logic', '||']],
  [SyntaxKind.BarBarToken]: [['logic', '&&']],
  [SyntaxKind.QuestionQuestionToken]: [['logic', '&&']],
  [SyntaxKind.PlusToken]: [['arithmetic', '-']],
  [SyntaxKind.MinusToken]: [['arithmetic', '+']],
  [SyntaxKind.AsteriskToken]: [['arithmetic', '/']],
  [SyntaxKind.SlashToken]: [['arithmetic', '*']],
  [SyntaxKind.PercentToken]: [['arithmetic', '*']],
  [SyntaxKind.LessThanLessThanToken]: [['arithmetic', '>>']],
  [SyntaxKind.GreaterThanGreaterThanToken]: [['arithmetic', '<<']],
  [SyntaxKind.AmpersandToken]: [['arithmetic', '|']],
  [SyntaxKind.BarToken]: [['arithmetic', '&']],
  [SyntaxKind.PlusEqualsToken]: [['arithmetic', '-=']],
  [SyntaxKind.MinusEqualsToken]: [['arithmetic', '+=']],
};

function ofBinary({ left, operatorToken, right }: ts.BinaryExpression): [string, string][] {
  const isText = [left, right].some((side) => ts.isStringLiteral(side) || ts.isTemplateExpression(side));
  const isSum = operatorToken.kind === SyntaxKind.PlusToken || operatorToken.kind === SyntaxKind.PlusEqualsToken;
  if (isText && isSum) return [];
  // In brackets, for `??` may not stand beside `&&`.
  const changed = (text: string): string =>
    text.endsWith('=') && text.length === 2 && !/^[<>]=$/.test(text)
      ? `${left.getText()} ${text} ${right.getText()}`
      : `(${left.getText()}) ${text} (${right.getText()})`;
  return (twins[operatorToken.kind] ?? []).map(([operator, text]) => [operator, changed(text)]);
}

function ofPrefix({ operator, operand }: ts.PrefixUnaryExpression): [string, string][] {
  if (operator === SyntaxKind.ExclamationToken) return [['negation', operand.getText()]];
  if (operator === SyntaxKind.MinusToken) return [['negation', operand.getText()]];
  return [];
}

const twinMethods = new Map([
  ['some', 'every'],
  ['every', 'some'],
  ['min', 'max'],
  ['max', 'min'],
  ['floor', 'ceil'],
  ['ceil', 'floor'],
  ['startsWith', 'endsWith'],
  ['endsWith', 'startsWith'],
]);
/** Whose answer is their object, of the same shape. */
const leftOut = new Set(['filter', 'reverse', 'toSorted', 'sort', 'trim', 'toLowerCase', 'slice', 'subarray']);

function ofCall(call: ts.CallExpression): [string, string][] {
  const { expression: callee } = call;
  if (!ts.isPropertyAccessExpression(callee) || call.flags & ts.NodeFlags.OptionalChain) return [];
  const target = callee.expression.getText();
  const twin = twinMethods.get(callee.name.text);
  const words = call.arguments.map((each) => each.getText()).join(', ');
  if (twin !== undefined) return [['method', `${target}.${twin}(${words})`]];
  return leftOut.has(callee.name.text) ? [['method', target]] : [];
}

/** Whether a literal is a value in itself, not a name, and not a part of a sentence. */
function isValue(node: ts.StringLiteral | ts.NumericLiteral): boolean {
  const { parent } = node;
  if (ts.isPropertyAssignment(parent) && parent.name === node) return false;
  if (ts.isElementAccessExpression(parent) || ts.isModuleDeclaration(parent)) return ts.isNumericLiteral(node);
  if (ts.isLiteralTypeNode(parent) || ts.isEnumMember(parent)) return false;
  return !ts.isStringLiteral(node) || !/\s\S+\s/.test(node.text);
}

function ofCondition(node: ts.Node, source: ts.SourceFile): Change[] {
  const both = (condition: ts.Expression, only?: 'false'): Change[] =>
    (only === undefined ? ['true', 'false'] : [only]).map((text) => ({
      operator: 'condition',
      start: condition.getStart(source),
      end: condition.getEnd(),
      isStatement: false,
      text,
    }));
  if (ts.isIfStatement(node)) return both(node.expression);
  if (ts.isConditionalExpression(node)) return both(node.condition);
  if (ts.isWhileStatement(node)) return both(node.expression, 'false');
  if (ts.isForStatement(node) && node.condition !== undefined) return both(node.condition, 'false');
  return [];
}

function ofStatement(node: ts.Node, source: ts.SourceFile): Change[] {
  const whole = { start: node.getStart(source), end: node.getEnd() };
  if (ts.isExpressionStatement(node) || ts.isThrowStatement(node) || ts.isContinueStatement(node)) {
    const isSuper = ts.isExpressionStatement(node) && node.getText().startsWith('super(');
    return isSuper ? [] : [{ ...whole, operator: 'statement', isStatement: true, text: '' }];
  }
  if (!ts.isReturnStatement(node)) return [];
  const { expression } = node;
  if (expression === undefined) return [{ ...whole, operator: 'statement', isStatement: true, text: '' }];
  if (ts.isSatisfiesExpression(expression)) return [];
  const isForgotten =
    !/^(undefined|null|true|false|''|0)$/.test(expression.getText()) && !ts.isObjectLiteralExpression(expression);
  if (!isForgotten) return [];
  const place = { start: expression.getStart(source), end: expression.getEnd() };
  return [{ ...place, operator: 'answer', isStatement: false, text: 'undefined' }];
}
