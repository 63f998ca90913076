import { unitOf } from './random.ts';

/** What a question to the model is about; the service reads it from the text of the request. */
export interface Question {
  readonly task: string;
  /** `solve`, or the scorer that asks: `verdict` picks a label, `grade` gives a number. */
  readonly role: Role;
  /** What makes this judge another one than that of another scoring; empty when solving. */
  readonly rubric: string;
  readonly row: string;
  /** How often a judge has been asked again. */
  readonly corrections: number;
}

export type Role = 'solve' | 'verdict' | 'grade';

/** Shares of a judge's first, second and third reply that cannot be read; it is not asked a fourth time. */
const unreadable = [0.2, 0.05, 0.01] as const;

const heading = /^(?<task>[\w-]+)\/(?<role>solve|verdict|grade)(?:\.(?<rubric>[\w-]+))?\/(?<row>[\w-]+): /;

/** How the text of a question begins; `row` may be a template. */
export function makeHeading(question: Pick<Question, 'task' | 'role' | 'rubric' | 'row'>): string {
  const { task, role, rubric, row } = question;
  return `${task}/${role}${rubric === '' ? '' : `.${rubric}`}/${row}: `;
}

/** Name under which deliveries of one question are counted; trials of a sample ask the same one. */
export function nameQuestion(question: Question): string {
  return `${makeHeading(question)}${question.corrections}`;
}

/** Undefined for a request that no evaluation of the chaos command makes. */
export function readQuestion(messages: readonly { readonly role: string; readonly content: unknown }[]) {
  const first = messages.find((message) => message.role === 'user')?.content;
  const { task, role, rubric, row } = (typeof first === 'string' ? heading.exec(first)?.groups : undefined) ?? {};
  if (task === undefined || role === undefined || row === undefined) return undefined;
  const corrections = messages.filter((message) => message.role === 'assistant').length;
  return { task, role: role as Role, rubric: rubric ?? '', row, corrections } satisfies Question;
}

/** A row's right answer. */
export function makeTruth(task: string, row: string): string {
  return `word-${Math.floor(unitOf('truth', task, row) * 1e6)}`;
}

/** What the model says: to the same question always the same. */
export function makeAnswer(question: Question): string {
  const { task, role, row, corrections } = question;
  if (role === 'solve') return unitOf('answer', task, row) < 0.7 ? makeTruth(task, row) : 'I do not know';
  if (!isReadable(question)) return `Hard to say (${corrections}).`;
  const opinion = unitOf('opinion', task, role, question.rubric, row);
  if (role === 'verdict')
    return JSON.stringify({ reasoning: 'As I see it.', prediction: opinion < 0.6 ? 'good' : 'bad' });
  return JSON.stringify({ score: Math.round(opinion * 100) / 100 });
}

/** How many queries one judgement takes: some replies cannot be read and are asked for again, a few never can be. */
export function countReplies(question: Omit<Question, 'corrections'>): number {
  const found = unreadable.findIndex((_, corrections) => isReadable({ ...question, corrections }));
  return found === -1 ? unreadable.length : found + 1;
}

function isReadable({ task, role, rubric, row, corrections }: Question): boolean {
  const clumsiness = unitOf('clumsiness', task, role, rubric, row);
  return clumsiness >= (unreadable[corrections] ?? 0);
}
