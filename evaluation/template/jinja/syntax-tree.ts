import type { BinaryOperator, ComparisonOperator } from './operators.ts';

export interface Arguments {
  readonly positional: readonly Expression[];
  readonly keywords: readonly { readonly name: string; readonly value: Expression }[];
  /** `*list` and `**mapping`. */
  readonly spread: Expression | undefined;
  readonly spreadKeywords: Expression | undefined;
}

type Node<Type extends string, Fields> = { readonly type: Type; readonly line: number } & Readonly<Fields>;

export type FilterExpression = Node<'filter', { input: Expression | undefined; name: string; arguments: Arguments }>;
export type CallExpression = Node<'call', { callee: Expression; arguments: Arguments }>;

export type Expression =
  | Node<'constant', { value: string | number | boolean | null }>
  | Node<'name', { name: string }>
  | Node<'list', { items: readonly Expression[] }>
  | Node<'tuple', { items: readonly Expression[] }>
  | Node<'mapping', { pairs: readonly { readonly key: Expression; readonly value: Expression }[] }>
  | Node<'attribute', { base: Expression; name: string }>
  | Node<'item', { base: Expression; key: Expression }>
  | Node<
      'slice',
      { base: Expression; start: Expression | undefined; stop: Expression | undefined; step: Expression | undefined }
    >
  | CallExpression
  | FilterExpression
  | Node<'test', { input: Expression; name: string; arguments: Arguments }>
  | Node<'not', { operand: Expression }>
  | Node<'sign', { operator: '+' | '-'; operand: Expression }>
  | Node<'and' | 'or', { left: Expression; right: Expression }>
  | Node<'binary', { operator: BinaryOperator; left: Expression; right: Expression }>
  | Node<'join', { parts: readonly Expression[] }>
  | Node<
      'compare',
      { first: Expression; rest: readonly { readonly operator: ComparisonOperator; readonly operand: Expression }[] }
    >
  | Node<'condition', { test: Expression; yes: Expression; no: Expression | undefined }>;

/** What `set`, `for` and `with` assign to. */
export type Target =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'member'; readonly name: string; readonly member: string }
  | { readonly type: 'tuple'; readonly items: readonly Target[] };

export interface Parameter {
  readonly name: string;
  readonly default: Expression | undefined;
}

export type ForStatement = Node<
  'for',
  {
    target: Target;
    iterable: Expression;
    test: Expression | undefined;
    isRecursive: boolean;
    body: readonly Statement[];
    otherwise: readonly Statement[];
  }
>;
export type MacroStatement = Node<
  'macro',
  { name: string; parameters: readonly Parameter[]; body: readonly Statement[] }
>;
export type CallStatement = Node<
  'call-block',
  { parameters: readonly Parameter[]; call: CallExpression; body: readonly Statement[] }
>;

export type Statement =
  | Node<'data', { text: string }>
  | Node<'print', { expression: Expression }>
  | Node<
      'if',
      {
        branches: readonly { readonly test: Expression; readonly body: readonly Statement[] }[];
        otherwise: readonly Statement[];
      }
    >
  | ForStatement
  | Node<'set', { target: Target; value: Expression }>
  | Node<'set-block', { target: Target; filter: FilterExpression | undefined; body: readonly Statement[] }>
  | Node<
      'with',
      { assignments: readonly { readonly target: Target; readonly value: Expression }[]; body: readonly Statement[] }
    >
  | MacroStatement
  | CallStatement
  | Node<'filter-block', { filter: FilterExpression; body: readonly Statement[] }>
  | Node<'block', { name: string; isScoped: boolean; body: readonly Statement[] }>
  | Node<'do', { expression: Expression }>
  | Node<'break' | 'continue', {}>;
